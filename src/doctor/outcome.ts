import type { Failure } from '../errors.ts'
import type { RunResult } from '../process.ts'
import type { Command } from '../types.ts'

/** What a check can come to, the worst first. */
export const statuses = ['problem', 'warning', 'ok', 'not applicable'] as const

export type Status = (typeof statuses)[number]

/** What a check found. */
export interface Outcome {
  readonly status: Status
  /** One line. */
  readonly why: string
  /** More lines, such as one for each platform. */
  readonly details?: readonly string[]
  /** The command that fixes it. */
  readonly fix?: string
  /** The same as commands that `--fix` runs; absent where they are not safe to run. */
  readonly repairs?: readonly Repair[]
}

/** A command that fixes something, and harms nothing. */
export interface Repair {
  readonly command: Command
  /** Why it did not do it although its exit status was 0; undefined where it did. */
  readonly check?: (result: RunResult) => string | undefined
}

/** What a check found, without its status. */
type Found = Omit<Outcome, 'status'>

export const ok = (why: string, details: readonly string[] = []): Outcome => ({ status: 'ok', why, details })
export const warning = (found: Found): Outcome => ({ status: 'warning', ...found })
export const problem = (found: Found): Outcome => ({ status: 'problem', ...found })
export const notApplicable = (why: string): Outcome => ({ status: 'not applicable', why })

/** A failure of the rest of the program as what a check found. */
export function fromFailure(
  { what, where, why, fix }: Failure,
  status: 'problem' | 'warning' = 'problem',
): Outcome {
  const [reason, ...more] = (why ?? '').split('\n').filter(Boolean)
  return {
    status,
    why: reason === undefined ? what : `${what}: ${reason}`,
    details: [...more, ...(where && !what.includes(where) ? [where] : [])],
    ...(fix && { fix }),
  }
}

/** Several findings of one check as one: the worst says why, the others are details. */
export function combine(outcomes: readonly Outcome[], whenAllOk: (details: string[]) => Outcome): Outcome {
  const sorted = outcomes.toSorted((a, b) => statuses.indexOf(a.status) - statuses.indexOf(b.status))
  const [worst, ...others] = sorted
  const lines = (found: readonly Outcome[]) => found.flatMap(({ why, details = [] }) => [why, ...details])
  if (!worst || worst.status === 'ok' || worst.status === 'not applicable') return whenAllOk(lines(sorted))
  const fixes = [...new Set(sorted.map(({ fix }) => fix).filter(fix => fix !== undefined))]
  const repairs = sorted.flatMap(({ repairs = [] }) => repairs)
  return {
    status: worst.status,
    why: worst.why,
    details: [...(worst.details ?? []), ...lines(others)],
    ...(fixes.length > 0 && { fix: fixes.join('\n') }),
    ...(repairs.length > 0 && { repairs }),
  }
}
