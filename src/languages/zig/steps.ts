import { run } from '../../process.ts'
import type { Step } from '../../types.ts'

/** A step of build.zig, as `zig build --list-steps` prints it. */
export interface ZigStep {
  readonly name: string
  readonly description: string
}

/** Steps that every build.zig has, and those whose words say that they do something else than install. */
const noInstall = /^(install|uninstall|run|test|check|fmt|docs|clean|bench)\b/i

/** The steps of a build.zig that may install something, asked with the arguments of a build that has run. */
export async function listSteps({ command }: Step): Promise<readonly ZigStep[]> {
  const { tool, args, cwd, env } = command
  const at = args.indexOf('build') + 1
  const asking = [...args.slice(0, at), '--list-steps', ...args.slice(at + 1)]
  const result = await run({ tool, args: asking, cwd, ...(env && { env }) })
  return result.ok ? parseSteps(result.stdout) : []
}

/** Reads lines such as `  hello      Install the program hello`. */
export function parseSteps(text: string): ZigStep[] {
  return text.split('\n').flatMap(line => {
    const [, name, description = ''] = /^ {2}(\S+)(?: \(default\))?(?:\s+(.*))?$/.exec(line) ?? []
    if (name === undefined || noInstall.test(name) || noInstall.test(description)) return []
    return [{ name, description: description.trim() }]
  })
}

/** The same build with another step of build.zig. */
export function withStep(step: Step, name: string): Step {
  const { args } = step.command
  const at = args.indexOf('build') + 1
  return { ...step, command: { ...step.command, args: args.with(at, name) } }
}
