/** Sequences that move a terminal's cursor or change its colours: CSI, OSC, and the short ones (ECMA-48, 5.4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const escapes = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]/g
/** Control characters but for line feed and tab, C1 among them; what turns the direction of text; odd line ends. */
const unsafe = /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** Text from elsewhere, safe to print: lines as they are, without what a terminal would obey or hide. */
export function cleanText(text: string): string {
  return text.replace(escapes, '').replaceAll('\r\n', '\n').replace(unsafe, blankFor)
}

/** A control character was there for some reason: a blank shows that. The others have no width. */
function blankFor(character: string): string {
  return /\p{Cf}/u.test(character) ? '' : ' '
}

/** Text from elsewhere as one line that is not too long, safe to print. */
export function printable(text: string, length = 200): string {
  const line = cleanText(text).replace(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length)}…` : line
}

/** JSON to read: the same value, with the characters escaped that JSON allows and a terminal would obey. */
export function printJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, undefined, indent).replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, character =>
    [...Array(character.length).keys()]
      .map(at => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
