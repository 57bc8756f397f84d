import { runBefore } from '../build/before.ts'
import type { ProgressMode } from '../config/flags.ts'
import type { Options } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import { createProgress } from '../ui/progress.ts'

/** Runs the steps of `[build] before` under a task list of their own: what comes after is not known yet. */
export async function runBeforeSteps({ before }: Pick<Options, 'before'>, mode: ProgressMode): Promise<void> {
  if (before.length === 0) return
  const { emit, close } = createProgress(mode)
  try {
    await runBefore(before, { emit, signal: interruptSignal })
  } finally {
    await close()
  }
}
