import { startEarly } from '../build/early/start.ts'
import { interruptSignal, listenForInterrupts } from '../interrupt.ts'
import { killRunning } from '../process.ts'
import { recordStart } from '../util/timeline.ts'

/**
 * Runs the program with its arguments. The compilers of a build like the last one start before most of it is loaded.
 * @param keepsCode whether V8's compiled code is kept for the next run, which takes it only where the flags were the same
 * @returns the exit code (errors.ts).
 */
export async function main(
  args: readonly string[],
  { keepsCode }: { readonly keepsCode: boolean },
): Promise<number> {
  listenForInterrupts()
  const early = await startEarly(args, interruptSignal)
  try {
    if (!keepsCode) (await import('./tune-v8.ts')).tuneV8()
    const { runProgram } = await import('../program.ts')
    recordStart()
    return await runProgram({ args, early })
  } finally {
    await early?.end()
    killRunning()
  }
}
