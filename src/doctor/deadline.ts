import { isFailure } from '../errors.ts'

/** Seconds that what several checks need may take, so that they still can say so. */
export const sharedLimit = 4.5

/**
 * Runs `work` for at most so many seconds; its signal is aborted then.
 * @returns what it returns, or `late` where it took too long
 */
export async function within<T>(
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  late: () => T,
): Promise<T> {
  const own = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<T>(resolve => {
    timer = setTimeout(() => {
      // Not waited for: what it runs may not end by itself.
      resolve(late())
      own.abort()
    }, seconds * 1000)
  })
  const working = work(AbortSignal.any([signal, own.signal])).catch(error => {
    if (own.signal.aborted && isFailure(error, 'interrupted')) return isLate
    throw error
  })
  try {
    return await Promise.race([working, isLate])
  } finally {
    clearTimeout(timer)
  }
}
