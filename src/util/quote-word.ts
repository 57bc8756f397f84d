/**
 * A word for a POSIX shell, in single quotes where it needs them. `{word}` needs none: a shell expands braces only
 * around a comma or two dots.
 */
export function quoteWord(word: string): string {
  return /^(?:[\w@%+=:,./-]|\{\w+\})+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
