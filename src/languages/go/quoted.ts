import { Failure } from '../../errors.ts'

/**
 * Splits text into words as Go does (cmd/internal/quoted): at spaces, where a quote counts only at the start of a word, and
 * nothing is escaped.
 * @param place where the text stands, for the message
 * @param key that of xbuild.toml, where the text is its value
 * @throws {Failure} usage, when a quote is not closed.
 */
export function splitQuoted(text: string, place: string, key?: readonly string[]): string[] {
  const words: string[] = []
  for (let rest = text.trimStart(); rest !== ''; rest = rest.trimStart()) {
    const quote = rest[0] === '"' || rest[0] === "'" ? rest[0] : undefined
    if (quote === undefined) {
      const [word = ''] = /^\S+/.exec(rest) ?? []
      words.push(word)
      rest = rest.slice(word.length)
      continue
    }
    const end = rest.indexOf(quote, 1)
    if (end < 0) {
      throw new Failure({
        kind: 'usage',
        what: `A quote in ${place} is not closed`,
        why: `${place} is ${text}`,
        fix: `close the ${quote} in ${place}`,
        key,
      })
    }
    words.push(rest.slice(1, end))
    rest = rest.slice(end + 1)
  }
  return words
}

/**
 * The text that Go splits into these words again.
 * @throws {Failure} usage, when a word has both kinds of quotes and a space: Go has no way to write that.
 */
export function joinQuoted(words: readonly string[], place: string): string {
  return words.map(word => quoted(word, place)).join(' ')
}

function quoted(word: string, place: string): string {
  if (word !== '' && !/\s/.test(word) && !/^['"]/.test(word)) return word
  const quote = ['"', "'"].find(mark => !word.includes(mark))
  if (quote !== undefined) return `${quote}${word}${quote}`
  throw new Failure({
    kind: 'usage',
    what: `${place} has a value with a space and both kinds of quotes`,
    where: word,
    why: 'Go splits its flags at spaces and knows no escapes',
    fix: `leave out one kind of quotes in ${place}`,
  })
}
