import { interrupted } from '../errors.ts'

/** Whether a person is there to answer: both the answer and the question go through a terminal. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/**
 * Asks on the terminal; Enter alone is yes, the end of input is no.
 * @throws {Failure} interrupted, when `signal` is aborted, as Ctrl-C does.
 */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const { createInterface } = await import('node:readline')
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      // A terminal hands Ctrl-C to the reader alone.
      reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
      reader.on('close', () => resolve('no'))
      signal.addEventListener('abort', () => reject(interrupted()), { once: true })
      reader.question(`${question} [Y/n] `, resolve)
    })
    return /^\s*(y|yes)?\s*$/i.test(answer)
  } finally {
    reader.close()
  }
}
