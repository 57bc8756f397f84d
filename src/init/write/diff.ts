/** A change of one file: `before` is undefined for a new one. */
export interface FileChange {
  /** Relative to the project's folder. */
  readonly path: string
  readonly before: string | undefined
  readonly after: string
}

const context = 3

/**
 * A unified diff that `git apply` and `patch -p1` take. Files are only made or added to in one place here, so it has one hunk:
 * from the first line that differs to the last.
 */
export function unifiedDiff({ path, before, after }: FileChange): string {
  const old = linesOf(before ?? '')
  const now = linesOf(after)
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let end = 0
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++
  const first = Math.max(0, start - context)
  const after3 = Math.min(end, context)
  const kept = old.slice(first, start).map(line => ` ${line}`)
  const removed = old.slice(start, old.length - end).map(line => `-${line}`)
  const added = now.slice(start, now.length - end).map(line => `+${line}`)
  const tail = old.slice(old.length - end, old.length - end + after3).map(line => ` ${line}`)
  const range = (changed: readonly string[]) => {
    const count = kept.length + changed.length + tail.length
    return `${count === 0 ? 0 : first + 1},${count}`
  }
  return [
    `diff --git a/${path} b/${path}`,
    ...(before === undefined ? ['new file mode 100644', '--- /dev/null'] : [`--- a/${path}`]),
    `+++ b/${path}`,
    `@@ -${before === undefined ? '0,0' : range(removed)} +${range(added)} @@`,
    ...[...kept, ...removed, ...added, ...tail].flatMap(line =>
      line.endsWith(noNewline) ? [line.slice(0, -noNewline.length), '\\ No newline at end of file'] : [line],
    ),
    '',
  ].join('\n')
}

/** Marks the last line of a text that does not end with a line break, so that it differs from one that does. */
const noNewline = '\u0000'

function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') return lines.slice(0, -1)
  return [...lines.slice(0, -1), `${lines.at(-1)}${noNewline}`]
}
