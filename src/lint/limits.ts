import type { LineIndex } from '../util/source-text.ts'
import type { Finding } from './finding.ts'
import { unreadableFile } from './rules/of-the-run.ts'
import { toFinding } from './to-finding.ts'

// No file that somebody wrote is longer; one that is was made to take a linter's time, or is no Dockerfile at all.
const mostKilobytes = 128
const mostStages = 200
const mostLines = 5000

/** The finding for a file that is too long to be looked at. */
export function tooLong(text: string, path: string, lines: LineIndex): Finding | undefined {
  const reason =
    text.length > mostKilobytes * 1024
      ? `${mostKilobytes} KB`
      : (text.match(/^\s*FROM\s/gim)?.length ?? 0) > mostStages
        ? `${mostStages} stages`
        : (text.match(/\n|\r/g)?.length ?? 0) > mostLines
          ? `${mostLines} lines`
          : undefined
  if (reason === undefined) return undefined
  const message = `the file has more than ${reason}: it was not looked at`
  return toFinding(unreadableFile, { start: 0, end: 0, message }, path, lines)
}
