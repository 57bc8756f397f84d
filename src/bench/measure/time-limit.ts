import { isFailure } from '../../errors.ts'

/** What `withTimeLimit` gives for work that was ended. */
export const cutOff = Symbol('cut off')

/**
 * Runs work under a signal that is aborted after so many seconds, or when `outer` is.
 * @returns `cutOff` when the limit ended it.
 * @throws what the work throws otherwise; {Failure} interrupted, when `outer` was aborted.
 */
export async function withTimeLimit<T>(
  seconds: number | undefined,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof cutOff> {
  if (seconds === undefined) return work(outer)
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), seconds * 1000)
  try {
    return await work(AbortSignal.any([outer, limit.signal]))
  } catch (error) {
    if (limit.signal.aborted && !outer.aborted && isFailure(error, 'interrupted')) return cutOff
    throw error
  } finally {
    clearTimeout(timer)
  }
}
