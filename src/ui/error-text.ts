import { isFailure } from '../errors.ts'
import { annotate } from './annotations.ts'
import { ciLog } from './ci-log.ts'
import { paintFor } from './color.ts'
import { describeBug, describeFailure } from './messages.ts'

/** What stderr shows of what a command threw: in words, and on GitHub at the lines of source too. */
export function errorText(error: unknown): string {
  if (!isFailure(error)) return `${describeBug(error)}\n`
  return `${ciLog().safe(describeFailure(error, paintFor(process.stderr)))}\n${annotate(error)}`
}
