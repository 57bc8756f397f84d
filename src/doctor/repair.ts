import { isFailure } from '../errors.ts'
import { run } from '../process.ts'
import type { Command } from '../types.ts'
import { printable } from '../util/printable.ts'
import { quoteWord } from '../util/quote-word.ts'
import type { Repair } from './outcome.ts'
import type { Checked } from './run-checks.ts'

/** What became of the repairs of one check. */
export interface Repaired {
  readonly id: string
  /** The commands, as a shell reads them. */
  readonly commands: readonly string[]
  readonly result: 'done' | 'failed' | 'not run'
  /** Why it failed or was not run. */
  readonly why?: string
}

/** What repairing may use. */
export interface RepairContext {
  /** Asks a person; absent where nobody can answer. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined
  /** Whether it may run them without asking. */
  readonly yes: boolean
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** A command as a shell reads it. */
export const commandLine = ({ tool, args }: Command): string => [tool, ...args].map(quoteWord).join(' ')

/**
 * Runs what fixes the findings, one check after the other: says what it runs, and asks before it does.
 * @throws {Failure} interrupted
 */
export async function runRepairs(checked: readonly Checked[], context: RepairContext): Promise<Repaired[]> {
  const results: Repaired[] = []
  for (const { id, title, repairs = [] } of checked) {
    if (repairs.length === 0) continue
    const commands = repairs.map(({ command }) => commandLine(command))
    const joined = commands.join(' && ')
    if (!context.yes && !context.confirm) {
      const why = 'nobody can be asked here: --yes runs it'
      context.say(`${title}: not run: ${joined}   (${why})`)
      results.push({ id, commands, result: 'not run', why })
    } else if (!context.yes && !(await context.confirm?.(`${title}: run ${joined}?`))) {
      results.push({ id, commands, result: 'not run', why: 'you answered no' })
    } else {
      context.say(`${title}: ${joined}`)
      const why = await runAll(repairs, context.signal)
      if (why) context.say(`${title}: failed: ${why}`)
      results.push({ id, commands, result: why ? 'failed' : 'done', ...(why && { why }) })
    }
  }
  return results
}

/** Why one of them failed; the ones after it are not run. */
async function runAll(repairs: readonly Repair[], signal: AbortSignal): Promise<string | undefined> {
  for (const { command, check } of repairs) {
    try {
      const result = await run(command, { signal, timeout: 600 })
      if (result.timedOut) return `${command.tool} took more than ten minutes`
      if (!result.ok) return printable(result.stderr.trim() || `exit status ${result.exitCode}`, 400)
      const fault = check?.(result)
      if (fault) return fault
    } catch (error) {
      if (!isFailure(error, 'tool')) throw error
      return error.why ?? error.what
    }
  }
  return undefined
}
