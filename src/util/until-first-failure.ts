import { interrupted } from '../errors.ts'

/** The promise, or as soon as the signal is aborted an interruption; the work itself goes on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(interrupted())
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/**
 * Runs promises side by side under a signal that is aborted as soon as one of them fails, and waits until all have
 * ended. The first failure is thrown; what the others throw because of it is not.
 */
export async function untilFirstFailure<T extends readonly Promise<unknown>[]>(
  outer: AbortSignal,
  start: (signal: AbortSignal) => readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const controller = new AbortController()
  const promises = start(AbortSignal.any([outer, controller.signal]))
  let failed: { error: unknown } | undefined
  for (const promise of promises) {
    promise.catch(error => {
      failed ??= { error }
      controller.abort()
    })
  }
  const settled = await Promise.allSettled(promises)
  if (failed) throw failed.error
  return settled.map(result => (result as PromiseFulfilledResult<unknown>).value) as never
}
