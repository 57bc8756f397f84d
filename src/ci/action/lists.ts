/** How a list input is read. */
export interface ListForm {
  /** Whether a comma is part of an item, as in `type=local,src=x`. */
  readonly keepCommas?: boolean
  /** Whether a quote is a character like any other. */
  readonly keepQuotes?: boolean
}

/**
 * The items of a list input, as docker/build-push-action reads them: lines, split at commas where those are no part of an
 * item; quotes protect an item that begins with one, its lines too; empty items are dropped, the others trimmed.
 */
export function parseList(text: string, { keepCommas = false, keepQuotes = false }: ListForm = {}): string[] {
  return readFields(text, { keepCommas, keepQuotes })
    .flatMap(field => (keepCommas ? [field] : field.split(',')))
    .map(item => item.trim())
    .filter(Boolean)
}

/**
 * Fields (RFC 4180), whose lines end them, too. A quote inside a field that did not begin with one is a character like any
 * other, as in JSON.
 */
function readFields(text: string, { keepCommas, keepQuotes }: ListForm): string[] {
  const fields: string[] = []
  let field = ''
  let quoted = false
  const endField = () => {
    fields.push(field)
    field = ''
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted) {
      if (character !== '"') field += character
      else if (text[at + 1] === '"') field += text[at++]
      else quoted = false
    } else if (character === '"' && !keepQuotes && field.trim() === '') {
      quoted = true
      field = ''
    } else if (character === '\n' || (character === ',' && !keepCommas)) endField()
    else if (character !== '\r') field += character
  }
  endField()
  return fields
}
