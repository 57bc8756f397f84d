/** A failure as the source has it: the texts that it may have, with … for what only a run knows. */
export interface SourceFailure {
  readonly kinds: readonly string[]
  readonly whats: readonly string[]
  readonly fixes: readonly string[]
}

const opening: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' }

/** The failures that a file of TypeScript makes: `new Failure({ … })` and `registryFailure(what, where, why, fix)`. */
export function failuresIn(source: string): SourceFailure[] {
  const literal = [...source.matchAll(/new Failure\(\{/g)].map(({ index, 0: { length } }) => {
    const fields = Object.fromEntries(parts(source, index + length).map(field))
    return {
      kinds: textsOf(fields['kind'] ?? ''),
      whats: textsOf(fields['what'] ?? ''),
      fixes: textsOf(fields['fix'] ?? ''),
    }
  })
  const ofRegistries = [...source.matchAll(/(?<!function )\bregistryFailure\(/g)].map(
    ({ index, 0: { length } }) => {
      const [what = '', , , fix = ''] = parts(source, index + length)
      return { kinds: ['registry'], whats: textsOf(what), fixes: textsOf(fix) }
    },
  )
  return [...literal, ...ofRegistries].filter(({ whats }) => whats.length > 0)
}

/** `key: value` of an object literal; a shorthand has no text. */
function field(text: string): [string, string] {
  const [, key = '', value = ''] = /^(\w+)\s*:\s*([\s\S]*)$/.exec(text) ?? []
  return [key, value]
}

/** What stands between commas, from `start` to the bracket that closes what is open there. */
function parts(source: string, start: number): string[] {
  const found: string[] = []
  let from = start
  for (let at = start; at < source.length; ) {
    const character = source[at] as string
    if (character === ',' || /[)\]}]/.test(character)) {
      found.push(source.slice(from, at).trim())
      from = at + 1
      if (character !== ',') break
    }
    at = skip(source, at)
  }
  return found.map(text => text.replace(/^\/\/.*\n\s*/gm, '')).filter(Boolean)
}

/** The place after the string, template, comment or brackets that begin here, else after one character. */
function skip(source: string, at: number): number {
  const character = source[at] as string
  if (source.startsWith('//', at)) return source.indexOf('\n', at)
  if (character === "'" || character === '"' || character === '`') return endOfString(source, at)
  const close = opening[character]
  if (close === undefined) return at + 1
  let next = at + 1
  while (next < source.length && source[next] !== close) next = skip(source, next)
  return next + 1
}

function endOfString(source: string, at: number): number {
  const quote = source[at]
  let next = at + 1
  while (next < source.length && source[next] !== quote) {
    if (source[next] === '\\') next += 2
    else if (quote === '`' && source.startsWith('${', next)) next = skip(source, next + 1)
    else next += 1
  }
  return next + 1
}

/** The strings and templates of an expression that are no part of another one or of a call's arguments: its alternatives. */
function textsOf(expression: string): string[] {
  const found: string[] = []
  for (let at = 0; at < expression.length; ) {
    const next = skip(expression, at)
    const piece = expression.slice(at, next)
    const isCompared = /(?:===|!==)\s*$/.test(expression.slice(0, at))
    if (/^['"`]/.test(piece) && !isCompared) found.push(shown(piece))
    at = next
  }
  return found.filter(text => text !== '' && text !== '…')
}

/** A literal as it is read: `${…}` is …, and so is what only a run knows. */
function shown(literal: string): string {
  let text = ''
  for (let at = 1; at < literal.length - 1; ) {
    if (literal[0] === '`' && literal.startsWith('${', at)) {
      text += '…'
      at = skip(literal, at + 1)
    } else if (literal[at] === '\\') {
      text += literal[at + 1] === 'n' ? ' ' : literal[at + 1]
      at += 2
    } else {
      text += literal[at]
      at += 1
    }
  }
  return text.replace(/…+/g, '…').trim()
}
