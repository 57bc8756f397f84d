import { runBefore } from '../build/before.ts'
import { type Changes, readChanges } from '../build/git-changes.ts'
import type { ProgressMode } from '../config/flags.ts'
import { locating } from '../config/locate.ts'
import type { Options } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import { createProgress } from '../ui/progress.ts'

/**
 * Runs the steps of `[build] before` under a task list of their own: what comes after is not known yet.
 * @returns what git said of the sources before the steps, which may rewrite a file that is tracked; undefined without steps
 */
export async function runBeforeSteps(
  { before, dir }: Pick<Options, 'before' | 'dir'>,
  mode: ProgressMode,
): Promise<Changes | undefined> {
  if (before.length === 0) return undefined
  const changes = await readChanges(dir, interruptSignal)
  const { emit, close } = createProgress(mode)
  try {
    await locating(dir, () => runBefore(before, { emit, signal: interruptSignal }))
  } finally {
    await close()
  }
  return changes
}
