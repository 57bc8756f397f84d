import { Failure, interrupted, isFailure } from '../errors.ts'
import { systemFailure } from '../util/system-failure.ts'
import type { Check } from './check.ts'
import { within } from './deadline.ts'
import { fromFailure, type Outcome, problem } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'

/** A check with what it found. */
export interface Checked extends Outcome, Pick<Check, 'id' | 'title'> {
  /** That it took. */
  readonly seconds: number
}

/** Seconds that a check may take, unless it says otherwise. */
const defaultLimit = 5

/**
 * Runs all checks at the same time. One that hangs is a problem after its limit.
 * @returns what they found, in the order of the table
 * @throws {Failure} interrupted
 */
export async function runChecks(checks: readonly Check[], around: Surroundings): Promise<Checked[]> {
  return Promise.all(
    checks.map(async check => {
      const started = performance.now()
      const limit = check.limit ?? defaultLimit
      const outcome = await within(
        limit,
        around.signal,
        signal => look(check, { ...around, signal }),
        () => hanging(limit),
      )
      const seconds = Math.round(performance.now() - started) / 1000
      return { id: check.id, title: check.title, ...outcome, seconds }
    }),
  )
}

async function look(check: Check, around: Surroundings): Promise<Outcome> {
  try {
    return await check.run(around)
  } catch (error) {
    if (around.signal.aborted) throw interrupted()
    const failure = systemFailure(error)
    if (isFailure(failure)) return fromFailure(failure)
    throw error
  }
}

function hanging(seconds: number): Outcome {
  return problem({
    why: `no answer within ${seconds} s`,
    fix: 'xbuild doctor, once what it waits for answers',
  })
}

/** What doctor as a whole says: the failure where there is a problem. */
export function doctorFailure(checked: readonly Checked[], report: object): Failure | undefined {
  const problems = checked.filter(({ status }) => status === 'problem')
  if (problems.length === 0) return undefined
  const isFixable = checked.some(({ repairs = [] }) => repairs.length > 0)
  return new Failure({
    kind: 'no',
    what: `${problems.length === 1 ? 'A problem' : `${problems.length} problems`}: ${problems.map(({ title }) => title).join(', ')}`,
    fix: isFixable ? 'xbuild doctor --fix does what is safe to do by itself' : problems[0]?.fix,
    report,
  })
}
