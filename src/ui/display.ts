import type { Emit } from '../types.ts'

/** What shows a run's events on stderr. */
export interface Progress {
  readonly emit: Emit
  /** Waits until everything is drawn. Must be called before anything else is printed. */
  close(): Promise<void>
}

/** What a remark of this level begins with. */
export function noteMark(level: 'info' | 'hint' | 'warning'): string {
  return { info: '', hint: 'hint: ', warning: 'warning: ' }[level]
}
