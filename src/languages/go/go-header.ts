/**
 * The part of a Go file that `go list` reads: all up to its last import, and the directives that may come after it. What
 * is no plain Go file is taken whole.
 */
export function headerOf(text: string): string {
  const end = endOfImports(text)
  if (end === undefined) return text
  const directives = text.slice(end).match(/^[ \t]*\/\/(go:embed|go:build|line|[ \t]*\+build)\b.*$/gm) ?? []
  return [text.slice(0, end), ...directives].join('\n')
}

const blank = /(?:\s|;|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/y
const word = /[A-Za-z_]\w*/y
const packageName = /(?:\s|\/\*[\s\S]*?\*\/)+[\p{L}_][\p{L}\p{N}_]*/uy
const spec = /(?:(?:[\p{L}_][\p{L}\p{N}_]*|\.)(?:\s|\/\*[\s\S]*?\*\/)*)?(?:"[^"\n\\]*"|`[^`]*`)/uy

/** Where the clauses of package and imports end; undefined where they are none that Go would take. */
function endOfImports(text: string): number | undefined {
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const [found] = pattern.exec(text) ?? []
    if (found !== undefined) at += found.length
    return found
  }
  take(/\uFEFF/y)
  take(blank)
  if (take(word) !== 'package' || take(packageName) === undefined) return undefined
  for (;;) {
    const end = at
    take(blank)
    if (take(word) !== 'import') return end
    take(blank)
    if (take(/\(/y) === undefined) {
      if (take(spec) === undefined) return undefined
      continue
    }
    for (take(blank); take(/\)/y) === undefined; take(blank)) if (take(spec) === undefined) return undefined
  }
}
