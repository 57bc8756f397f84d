import type { Finding } from './finding.ts'
import { unreadableFile } from './rules/of-the-run.ts'
import { type LineIndex, toFinding } from './text.ts'

/** No Dockerfile or workflow is this long, in characters; reading it would take seconds. */
export const longestFile = 256 * 1024

/** The finding for a file that is too long. */
export function tooLong(path: string, lines: LineIndex): Finding {
  const message = `the file is longer than ${longestFile / 1024} KB: it was not looked at`
  return toFinding(unreadableFile, { start: 0, end: 0, message }, path, lines)
}
