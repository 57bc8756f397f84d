import { setTimeout as wait } from 'node:timers/promises'
import { Failure, interrupted } from '../errors.ts'

/** How long an operation is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first one included. */
  readonly attempts: number
  /** Seconds that one operation may spend waiting between its attempts, all in all. */
  readonly budget: number
  readonly sleep: (seconds: number, signal: AbortSignal | undefined) => Promise<void>
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 6,
  budget: 60,
  sleep: (seconds, signal) => wait(seconds * 1000, undefined, { signal }),
}

/** A failure that another attempt may fix; it turns into that failure when there is none. */
export class TransientError extends Error {
  readonly failure: Failure
  /** Seconds, where the server said how long to wait. */
  readonly retryAfter: number | undefined
  /** Attempts after which it will not pass any more, where they are fewer than the policy grants. */
  readonly attempts: number

  constructor(failure: Failure, retryAfter?: number, attempts = Number.POSITIVE_INFINITY) {
    super(failure.what, { cause: failure })
    this.failure = failure
    this.retryAfter = retryAfter
    this.attempts = attempts
  }
}

/**
 * Counts the attempts of one operation. Its result waits before the next attempt, or throws the failure where attempts
 * or budget are used up.
 */
export function startRetrying(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
): (error: TransientError) => Promise<void> {
  let attempt = 0
  let waited = 0
  return async error => {
    attempt++
    const { failure } = error
    if (attempt >= Math.min(policy.attempts, error.attempts))
      throw withReason(failure, `tried ${attempt} times`)
    // 0.5 s, 1 s, 2 s … 8 s, with jitter, so that parallel uploads do not return at once
    const seconds = error.retryAfter ?? Math.min(8, 0.5 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2)
    if (waited + seconds > policy.budget) {
      throw withReason(
        failure,
        error.retryAfter === undefined
          ? `gave up after ${attempt} attempts and ${Math.round(waited)} s of waiting`
          : `the registry asks to wait ${Math.round(seconds)} s, and xbuild waits at most ${policy.budget} s`,
      )
    }
    waited += seconds
    try {
      await policy.sleep(seconds, signal)
    } catch (cause) {
      throw signal?.aborted ? interrupted() : cause
    }
  }
}

/**
 * Runs an operation until it succeeds, fails for good, or attempts or budget are used up.
 * @throws {Failure} the last failure, which says how often it was tried.
 */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  operation: (attempt: number) => Promise<T>,
): Promise<T> {
  const pause = startRetrying(policy, signal)
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation(attempt)
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      await pause(error)
    }
  }
}

/**
 * Seconds of a Retry-After header (RFC 9110, 10.2.3: seconds, or a date); undefined for anything else.
 * @param now milliseconds since 1970
 */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value)
  // Date.parse takes much that is no HTTP date, such as "-5"
  const date = /^\w{3,9},? /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}

function withReason(failure: Failure, reason: string): Failure {
  return new Failure({
    kind: failure.kind,
    what: failure.what,
    where: failure.where,
    why: failure.why ? `${failure.why}; ${reason}` : reason,
    fix: failure.fix,
    cause: failure.cause,
  })
}
