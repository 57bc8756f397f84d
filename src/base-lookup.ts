import type { Plan } from './plan.ts'
import type { Recorder } from './report.ts'
export async function checkBaseIndexes(_p: Plan, { emit }: Recorder, _s: AbortSignal): Promise<void> {
  emit({ type: 'done', id: 'base' })
}
