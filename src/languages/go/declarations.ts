import { type Token, tokenize } from './tokens.ts'

/**
 * Whether the linker's -X sets a variable: `on request` where the program means something by the value that it has, or
 * hands out a pointer to it, as to the flag package; `unknown` where that hangs on another package's constant. Why not: it
 * is a constant, it is no string (then -X breaks the link), or the program sets it itself as it starts.
 */
export type Settable =
  | 'yes'
  | 'on request'
  | 'unknown'
  | 'constant'
  | 'not a string'
  | 'set at start'
  | 'embedded'

interface Declaration {
  readonly kind: 'var' | 'const'
  /** The type's tokens; absent where there is none. */
  readonly type: string | undefined
  readonly value: readonly Token[] | undefined
  readonly embedded: boolean
}

/**
 * The variables and constants that the files of one package declare at package level, and whether -X sets them: string
 * variables without a value, or with a constant one (`go doc cmd/link`, -X).
 */
export function settableVariables(files: readonly string[]): ReadonlyMap<string, Settable> {
  const tokens = files.map(tokenize)
  const declarations = new Map(tokens.flatMap(declarationsOf))
  const pointedAt = new Set(tokens.flatMap(addressed))
  return new Map(
    [...declarations].map(([name, found]) => {
      const verdict = settable(found, declarations)
      const isOwn = pointedAt.has(name) || !isPlaceholder(found.value, declarations)
      return [name, verdict === 'yes' && isOwn ? 'on request' : verdict]
    }),
  )
}

/** What says that a variable waits for its value: a word in it, a moment that no build was at, what git fills in. */
const unfinished =
  /^\$|^v?0\.0(\.0)?\b|^(1970|0001)-01-01|(^|[^a-z])(dev(el(opment)?)?|snapshot|unknown|unreleased|dirty)([^a-z]|$)/i

/** Values that are nothing but a word that holds the place. */
const placeholder =
  /^\W*(|undefined|undef|unset|none|nil|null|local|tbd|todo|n\/?a|head|main|master|trunk|latest|edge|nightly|unstable|untagged|test|custom|source|src|build|built|version|commit|revision|sha|date|time|now|placeholder|change-?me|not[ -]set|x+)\W*$/i

/** Whether a variable has no value, or one that only holds the place; what is put together is taken for such. */
function isPlaceholder(value: readonly Token[] | undefined, all: ReadonlyMap<string, Declaration>): boolean {
  const [token, ...more] = value?.filter(({ text }) => text !== '(' && text !== ')') ?? []
  if (!token || more.length > 0) return true
  if (token.kind === 'string')
    return [unfinished, placeholder].some(pattern => pattern.test(token.text.slice(1, -1)))
  const constant = all.get(token.text)?.value
  return constant === undefined || constant === value ? true : isPlaceholder(constant.slice(0, 1), new Map())
}

/** Names after an `&` that no operand stands before. */
function addressed(tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ kind, text }, at) => {
    const before = tokens[at - 2]
    const isUnary = before === undefined || before.kind === 'end' || /^[([{,=:]$|^return$/.test(before.text)
    return kind === 'word' && tokens[at - 1]?.text === '&' && isUnary ? [text] : []
  })
}

function settable(found: Declaration, all: ReadonlyMap<string, Declaration>): Settable {
  if (found.kind === 'const') return 'constant'
  if (found.type !== undefined && found.type !== 'string') return 'not a string'
  if (found.embedded) return 'embedded'
  if (found.value === undefined) return 'yes'
  const constant = constantString(found.value, all)
  if (constant !== 'no') return constant
  // Without a type it may be a string that a function makes, or anything else: either way -X must not be tried.
  return found.type === 'string' ? 'set at start' : 'not a string'
}

/** Whether an expression is a constant string: literals and constants of this package, joined by "+". */
function constantString(
  tokens: readonly Token[],
  all: ReadonlyMap<string, Declaration>,
  seen: ReadonlySet<string> = new Set(),
): 'yes' | 'no' | 'unknown' {
  const operands = splitAt(
    tokens.filter(({ text }) => text !== '(' && text !== ')'),
    '+',
  )
  // Parentheses after a word are a call.
  if (tokens.some(({ text }, at) => text === '(' && tokens[at - 1]?.kind === 'word')) return 'no'
  const verdicts = operands.map(operand => {
    const [first, dot, name] = operand
    if (operand.length === 1 && first?.kind === 'string') return 'yes'
    if (operand.length === 3 && dot?.text === '.' && first?.kind === 'word' && name?.kind === 'word')
      return 'unknown'
    const constant = operand.length === 1 && first?.kind === 'word' ? all.get(first.text) : undefined
    if (!first || constant?.kind !== 'const' || !constant.value || seen.has(first.text)) return 'no'
    if (constant.type !== undefined && constant.type !== 'string') return 'no'
    return constantString(constant.value, all, new Set([...seen, first.text]))
  })
  return (
    verdicts.find(verdict => verdict === 'no') ?? verdicts.find(verdict => verdict === 'unknown') ?? 'yes'
  )
}

/** Every `var` and `const` of package level, single or in a block. */
function declarationsOf(tokens: readonly Token[]): [string, Declaration][] {
  return statements(tokens).flatMap(statement => {
    const { embedded, rest } = withoutEmbeds(statement)
    const [keyword, ...body] = rest
    const kind = keyword?.text
    if (kind !== 'var' && kind !== 'const') return []
    if (body[0]?.text !== '(') return spec(kind, body, embedded)
    let repeated: readonly Token[] | undefined
    return statements(body.slice(1, -1)).flatMap(line => {
      const inner = withoutEmbeds(line)
      // A constant without a value repeats the one before it.
      const filled = spec(kind, inner.rest, inner.embedded).map(([name, found]): [string, Declaration] => [
        name,
        kind === 'const' && !found.value ? { ...found, value: repeated } : found,
      ])
      repeated = filled.at(-1)?.[1].value
      return filled
    })
  })
}

/** A statement without the go:embed lines before it. */
function withoutEmbeds(statement: readonly Token[]): { embedded: boolean; rest: readonly Token[] } {
  const start = statement.findIndex(({ kind }) => kind !== 'embed')
  return { embedded: start !== 0, rest: start < 0 ? [] : statement.slice(start) }
}

/** `a, b string = "x", "y"` after its keyword. */
function spec(kind: 'var' | 'const', tokens: readonly Token[], embedded: boolean): [string, Declaration][] {
  const equals = outermost(tokens).find(at => tokens[at]?.text === '=') ?? tokens.length
  const left = tokens.slice(0, equals)
  const names = left.slice(0, 1)
  for (let at = 2; left[at - 1]?.text === ',' && left[at]; at += 2) names.push(left[at] as Token)
  const type = left
    .slice(names.length * 2 - 1)
    .map(({ text }) => text)
    .join('')
  const values = splitAt(tokens.slice(equals + 1), ',')
  const several = equals < tokens.length && values.length !== names.length
  // One call that gives several values is no constant.
  const value = (at: number) => (several ? [{ kind: 'other', text: '' } as const] : values[at])
  return names
    .filter(name => name.kind === 'word')
    .map(({ text }, at) => [text, { kind, type: type || undefined, value: value(at), embedded }])
}

/** Statements between the semicolons of the outermost level. */
function statements(tokens: readonly Token[]): Token[][] {
  const result: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    depth += depthOf(token)
    if (token.kind === 'end' && depth <= 0) result.push([])
    else result.at(-1)?.push(token)
  }
  return result.filter(statement => statement.length > 0)
}

function depthOf({ kind, text }: Token): number {
  if (kind !== 'other') return 0
  return '([{'.includes(text) ? 1 : ')]}'.includes(text) ? -1 : 0
}

/** The places of the tokens that no bracket encloses. */
function outermost(tokens: readonly Token[]): number[] {
  let depth = 0
  return tokens.flatMap((token, at) => {
    depth += depthOf(token)
    return depth === 0 ? [at] : []
  })
}

function splitAt(tokens: readonly Token[], separator: string): Token[][] {
  const cuts = outermost(tokens).filter(at => tokens[at]?.kind === 'other' && tokens[at]?.text === separator)
  if (tokens.length === 0) return []
  return [...cuts, tokens.length].map((end, at) => tokens.slice(at === 0 ? 0 : (cuts[at - 1] ?? 0) + 1, end))
}
