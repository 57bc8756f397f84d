/** What is known of a variable: its value, or why only a build can tell. */
export type Known =
  | { readonly value: string }
  | { readonly unknown: 'argument' | 'platform' | 'base' | 'shell' }

/** A word after expansion. `unknown` names what has no value yet; each is left in the text as `${NAME}`. */
export interface Expanded {
  readonly text: string
  readonly unknown: readonly string[]
}

export type Lookup = (name: string) => Known
/** The text for `$(…)`, given the script in it; undefined where nothing is known to stand for it. */
export type Substitute = (script: string) => string | undefined

/**
 * A word of a Dockerfile or a shell as it is written, with quotes, escapes and variables resolved: `'a'"$B"${C:-d}`.
 * @param substitute for a shell's `$(…)`; without it a `$(` is text, as in Dockerfiles
 */
export function expandWord(
  raw: string,
  lookup: Lookup,
  substitute?: Substitute,
  escapeChar = '\\',
): Expanded {
  const unknown: string[] = []
  let text = ''
  let at = 0
  let quoted = false

  const variable = (name: string, operator: string, word: string): string => {
    const known = lookup(name)
    const isSet = 'value' in known && (known.value !== '' || !operator.startsWith(':'))
    if (operator === '' || /^:?[-+?]$/.test(operator)) {
      if (!('value' in known)) {
        unknown.push(name)
        return `\${${name}}`
      }
      if (operator.endsWith('-')) return isSet ? known.value : nested(word)
      if (operator.endsWith('+')) return isSet ? nested(word) : ''
      return known.value
    }
    unknown.push(name)
    return `\${${name}}`
  }
  const nested = (word: string): string => {
    const inner = expandWord(word, lookup, substitute, escapeChar)
    unknown.push(...inner.unknown)
    return inner.text
  }
  const script = (body: string): string => {
    const value = substitute?.(body)
    if (value === undefined) unknown.push(`$(${body})`)
    return value ?? `$(${body})`
  }

  while (at < raw.length) {
    const char = raw[at] as string
    if (char === escapeChar && at + 1 < raw.length) {
      const next = raw[at + 1] as string
      text += quoted && !'"\\$`'.includes(next) ? char + next : next === '\n' ? '' : next
      at += 2
    } else if (char === "'" && !quoted) {
      const end = raw.indexOf("'", at + 1)
      text += raw.slice(at + 1, end < 0 ? raw.length : end)
      at = end < 0 ? raw.length : end + 1
    } else if (char === '"') {
      quoted = !quoted
      at++
    } else if (char === '`' && substitute) {
      const end = raw.indexOf('`', at + 1)
      text += script(raw.slice(at + 1, end < 0 ? raw.length : end))
      at = end < 0 ? raw.length : end + 1
    } else if (substitute && raw.startsWith('$(', at)) {
      const end = closing(raw, at + 2, '(', ')')
      text += script(raw.slice(at + 2, end))
      at = end + 1
    } else if (raw.startsWith('${', at)) {
      const end = closing(raw, at + 2, '{', '}')
      const [, name = '', operator = '', word = ''] =
        /^([A-Za-z_]\w*)(:?[-+?]|[#%/:^,]+)?([\s\S]*)$/.exec(raw.slice(at + 2, end)) ?? []
      text += variable(name, operator, word)
      at = end + 1
    } else if (char === '$' && /[A-Za-z_]/.test(raw[at + 1] ?? '')) {
      const [name = ''] = /^\w+/.exec(raw.slice(at + 1)) ?? []
      text += variable(name, '', '')
      at += 1 + name.length
    } else {
      text += char
      at++
    }
  }
  return { text, unknown }
}

function closing(text: string, start: number, open: string, close: string): number {
  let depth = 1
  for (let index = start; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === open) depth++
    else if (text[index] === close && --depth === 0) return index
  }
  return text.length
}
