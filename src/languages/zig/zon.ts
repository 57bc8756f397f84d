/** A value of Zig's object notation. Enum literals (`.name`) are strings here, as anonymous structs are objects. */
export type Zon = string | number | boolean | null | readonly Zon[] | { readonly [key: string]: Zon }

/** How deep a document may nest. */
const depthLimit = 64

/**
 * Reads ZON as build.zig.zon files have it: structs, tuples, strings, multi-line strings, numbers, enum literals,
 * comments and trailing commas. Tolerant: what it does not know, such as an expression, becomes null.
 * @throws {SyntaxError} when brackets or strings do not end, with the line.
 */
export function parseZon(text: string): Zon {
  const reader = new ZonReader(text)
  return reader.value(0)
}

class ZonReader {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  value(depth: number): Zon {
    if (depth > depthLimit) throw this.error('nested too deeply')
    this.skipSpace()
    if (this.take('.{')) return this.struct(depth)
    if (this.text[this.at] === '"') return this.string()
    if (this.text.startsWith('\\\\', this.at)) return this.lines()
    const literal = this.match(/\.(?:@"((?:[^"\\\n]|\\.)*)"|([A-Za-z_]\w*))/y)
    if (literal) return literal[1] === undefined ? (literal[2] as string) : unescapeString(literal[1])
    const word = this.match(/[^\s,{}=]+/y)?.[0]
    if (word === undefined) throw this.error('a value is missing')
    if (word === 'true' || word === 'false') return word === 'true'
    const number = Number(word.replaceAll('_', ''))
    return Number.isNaN(number) ? null : number
  }

  /** `.{ .a = 1 }` is an object, `.{ 1, 2 }` a list; the two spellings differ at the first item. */
  private struct(depth: number): Zon {
    const items: Zon[] = []
    const fields: [string, Zon][] = []
    for (;;) {
      this.skipSpace()
      if (this.take('}')) return items.length > 0 ? items : Object.fromEntries(fields)
      if (this.at >= this.text.length) throw this.error('a } is missing')
      const field = this.match(/\.(?:@"((?:[^"\\\n]|\\.)*)"|([A-Za-z_]\w*))\s*=(?!=)/y)
      if (field) fields.push([field[2] ?? unescapeString(field[1] ?? ''), this.value(depth + 1)])
      else items.push(this.value(depth + 1))
      this.skipSpace()
      this.take(',')
    }
  }

  private string(): string {
    const found = this.match(/"((?:[^"\\\n]|\\.)*)"/y)
    if (!found) throw this.error('a string does not end')
    return unescapeString(found[1] ?? '')
  }

  private lines(): string {
    const lines: string[] = []
    for (;;) {
      const line = this.match(/\\\\([^\n]*)\n?/y)
      if (!line) return lines.join('\n')
      lines.push(line[1] ?? '')
      this.skipSpace()
    }
  }

  private skipSpace(): void {
    this.match(/(?:\s|\/\/[^\n]*)*/y)
  }

  private take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false
    this.at += token.length
    return true
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found) this.at = pattern.lastIndex
    return found
  }

  private error(message: string): SyntaxError {
    return new SyntaxError(`line ${this.text.slice(0, this.at).split('\n').length}: ${message}`)
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function unescapeString(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|(.))/g,
    (whole, byte?: string, point?: string, char?: string) => {
      const code = Number.parseInt(byte ?? point ?? '', 16)
      if (char !== undefined) return escapes[char] ?? char
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}
