/**
 * The line of a .dockerignore file that means one path and nothing else: `*`, `?` and `[` are patterns, `!` and `#` mean
 * something in front, and blanks at both ends are dropped (moby/patternmatcher). A line break matches `?` alone.
 * @param path relative, without `..`
 */
export function ignorePattern(path: string): string {
  return path
    .replace(/[\\*?[\]]/g, '\\$&')
    .replace(/[\r\n]/g, '?')
    .replace(/^[!#\s]/, '\\$&')
    .replace(/(?<=.)\s$/, '[ ]')
}
