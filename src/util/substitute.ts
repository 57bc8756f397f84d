import { csvField } from './csv-field.ts'

/**
 * The places in a command that are filled in when it runs: the run's temporary folder, the digest of what was staged,
 * and the folder of the bench's caches. NUL can occur in no argument, variable or path, so text of the user's, such as
 * a project in a folder named `{work}`, is never taken for one.
 */
export const tokens = { work: '\0work\0', content: '\0content\0', caches: '\0caches\0' } as const

export type TokenValues = { readonly [name in keyof typeof tokens]?: string }

interface CommandParts {
  readonly tool: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Replaces the given tokens in a text by their values, in one pass; the other tokens stay. */
export function fillTokens(text: string, values: TokenValues): string {
  return text.replaceAll(/\0(\w+)\0/g, (token, name: keyof typeof tokens) => values[name] ?? token)
}

/** `fillTokens`; in docker's `dest=…` fields of records, quoted where the value needs it. */
export function fillFields(text: string, values: TokenValues): string {
  return fillTokens(
    text.replace(/(?<=,)dest=\0\w+\0[^,]*/g, field => csvField(fillTokens(field, values))),
    values,
  )
}

/** `fillFields` for every text of a command. */
export function substitute<Command extends CommandParts>(command: Command, values: TokenValues): Command {
  const fill = (text: string) => fillFields(text, values)
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

/** What plans and reports print in the place of the tokens. */
export const printed = { work: '{work}', content: '{content}', caches: '{caches}' } as const

/** A command as plans and reports print it. */
export function printTokens<Command extends CommandParts>(command: Command): Command {
  return substitute(command, printed)
}
