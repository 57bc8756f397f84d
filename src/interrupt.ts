import { exitCodes } from './errors.ts'
import { killRunning } from './process.ts'

const controller = new AbortController()

/** Aborted by the first SIGINT or SIGTERM; every running command ends with it. */
export const interruptSignal: AbortSignal = controller.signal

/** Milliseconds for an orderly end. A call that the kernel does not return from would hold it up for ever. */
const patience = 1800

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Turns SIGINT, SIGTERM and SIGHUP into an orderly end: the first aborts `interruptSignal`, so that children end and
 * temporary files go. A second one, or two seconds, give up at once, and take only what is temporary with them.
 */
export function listenForInterrupts(): void {
  const onSignal = () => {
    if (controller.signal.aborted) return endNow()
    setTimeout(endNow, patience).unref()
    controller.abort()
  }
  for (const signal of signals) process.on(signal, onSignal)
}

/**
 * Ends this process whatever its threads wait for: process.exit would join a thread that reads a FIFO. Died of SIGINT is
 * 130 for a shell.
 */
function endNow(): void {
  killRunning()
  // Those who remove temporary files listen to this.
  process.emit('exit', exitCodes.interrupted)
  for (const signal of signals) process.removeAllListeners(signal)
  process.kill(process.pid, 'SIGINT')
}
