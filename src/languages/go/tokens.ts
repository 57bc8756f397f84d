/** A token of Go source, as far as declarations need them. `end` is a semicolon, written or automatic. */
export interface Token {
  readonly kind: 'word' | 'string' | 'literal' | 'other' | 'end' | 'embed'
  readonly text: string
}

const pieces: readonly [Token['kind'] | 'space' | 'comment', RegExp][] = [
  ['space', /\s+/y],
  ['comment', /\/\/[^\n]*|\/\*[\s\S]*?(\*\/|$)/y],
  ['string', /"(\\[\s\S]|[^"\\\n])*("|$)|`[^`]*(`|$)/y],
  ['literal', /'(\\[\s\S]|[^'\\\n])*('|$)|\.?\d[\w.]*/y],
  // Any character beyond ASCII is taken for a letter: the tables of Unicode cost 5 ms, and Go refuses the others anyway.
  ['word', /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/y],
  ['other', /\+\+|--|[\s\S]/y],
]

/** Keywords after which a line does not end (The Go Programming Language Specification, Semicolons). */
const opens = new Set(
  'case chan const default defer else for func go goto if import interface map package range select struct switch type var'.split(
    ' ',
  ),
)

/** The tokens of a Go file, with the semicolons that Go adds at the ends of lines, and `//go:embed` as a token. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  const endLine = (text: string) => {
    const last = tokens.at(-1)
    if (text.includes('\n') && last && endsStatement(last)) tokens.push({ kind: 'end', text: ';' })
  }
  for (let at = 0; at < source.length; ) {
    const [kind, text] = pieceAt(source, at)
    at += text.length
    if (kind === 'space' || (kind === 'comment' && text.startsWith('/*'))) endLine(text)
    else if (kind === 'comment') {
      if (text.startsWith('//go:embed ')) tokens.push({ kind: 'embed', text })
    } else tokens.push({ kind: text === ';' ? 'end' : kind, text })
  }
  endLine('\n')
  return tokens
}

function pieceAt(source: string, at: number): [Token['kind'] | 'space' | 'comment', string] {
  for (const [kind, pattern] of pieces) {
    pattern.lastIndex = at
    const found = pattern.exec(source)
    if (found?.[0]) return [kind, found[0]]
  }
  return ['other', source.slice(at, at + 1)]
}

function endsStatement({ kind, text }: Token): boolean {
  if (kind === 'word') return !opens.has(text)
  return kind === 'string' || kind === 'literal' || [')', ']', '}', '++', '--'].includes(text)
}
