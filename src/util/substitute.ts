import { csvField } from './csv-field.ts'

/**
 * The places in a command that are filled in when it runs: the run's temporary folder, the digest of what was staged,
 * and the folder of the bench's caches. NUL can occur in no argument, variable or path, so text of the user's, such as
 * a project in a folder named `{work}`, is never taken for one.
 */
export const tokens = { work: '\0work\0', content: '\0content\0', caches: '\0caches\0' } as const

type Values = { readonly [name in keyof typeof tokens]?: string }

interface CommandParts {
  readonly tool: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Replaces the given tokens in a text by their values, in one pass; the other tokens stay. */
export function fillTokens(text: string, values: Values): string {
  return text.replaceAll(/\0(\w+)\0/g, (token, name: keyof typeof tokens) => values[name] ?? token)
}

/** `fillTokens` for every text of a command; in docker's `dest=…` fields of records, quoted where the value needs it. */
export function substitute<Command extends CommandParts>(command: Command, values: Values): Command {
  const fill = (text: string) =>
    fillTokens(
      text.replace(/(?<=,)dest=\0\w+\0[^,]*/g, field => csvField(fillTokens(field, values))),
      values,
    )
  const { tool, args, cwd, env } = command
  return {
    ...command,
    tool: fill(tool),
    args: args.map(fill),
    cwd: fill(cwd),
    ...(env && {
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])),
    }),
  }
}

/** A command as plans and reports print it: `{work}`, `{content}` and `{caches}` where the tokens are. */
export function printTokens<Command extends CommandParts>(command: Command): Command {
  return substitute(command, { work: '{work}', content: '{content}', caches: '{caches}' })
}
