import { setGracefulCleanup } from 'tmp-promise'
import { exitCodes } from './errors.ts'
import { killRunning } from './process.ts'

const controller = new AbortController()

/** Aborted by the first SIGINT or SIGTERM; every running command ends with it. */
export const interruptSignal: AbortSignal = controller.signal

/**
 * Turns SIGINT, SIGTERM and SIGHUP into an orderly end: the first aborts `interruptSignal`, so that children end and
 * temporary files go; a second one gives up at once, and takes only the temporary folders with it.
 */
export function listenForInterrupts(): void {
  setGracefulCleanup()
  const onSignal = () => {
    if (!controller.signal.aborted) return controller.abort()
    killRunning()
    process.exit(exitCodes.interrupted)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}
