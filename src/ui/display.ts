import type { BuildEvent, Emit } from '../types.ts'
import type { Paint } from './color.ts'

type Note = Pick<Extract<BuildEvent, { type: 'note' }>, 'level' | 'text'>

/** What shows a run's events on stderr. */
export interface Progress {
  readonly emit: Emit
  /** Waits until everything is drawn. Must be called before anything else is printed. */
  close(): Promise<void>
}

/** A remark as a line. */
export function describeNote({ level, text }: Note, paint: Paint): string {
  return { info: '', hint: 'hint: ', warning: `${paint('yellow', 'warning:')} ` }[level] + text
}
