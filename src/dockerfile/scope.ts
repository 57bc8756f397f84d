import { type Expanded, expandWord, type Known, type Lookup } from './expand.ts'
import type { Dockerfile, Instruction, Stage } from './model.ts'
import { lineage } from './stages.ts'
import { automaticVariables } from './variables.ts'

/** The variables that a stage has at some instruction: ENV before ARG, both from its base stages too. */
export interface Scope {
  readonly lookup: Lookup
  /** A word with its variables filled in. */
  expand(raw: string): Expanded
  /** What ENV has set so far, in its order. */
  readonly env: ReadonlyMap<string, Known>
  /** What ARG has declared so far. */
  readonly args: ReadonlyMap<string, Known>
}

/** Bases whose images set no variable but PATH and SSL_CERT_FILE. */
const hasNoVariables =
  /^(?:scratch|(?:docker\.io\/)?(?:library\/)?(?:alpine|debian|ubuntu|busybox)|(?:.*\/)?distroless\/[\w-]+)(?:[:@].*)?$/

/** Replaces what is known of a variable. */
export type Override = (name: string, known: Known) => Known

/** `NAME=value` of an ENV or LABEL, or both words of the old form. */
export interface Pair {
  readonly name: string
  /** As it is written. */
  readonly raw: string
}

/** The pairs of an ENV, LABEL or ARG; a bare `ARG NAME` has no value. */
export function pairsOf({ keyword, words, body }: Instruction): (Omit<Pair, 'raw'> & { raw?: string })[] {
  const [first] = words
  if (!first) return []
  if (keyword !== 'ARG' && !first.raw.includes('=')) {
    // The old form: the rest of the line is the value.
    const rest = body.text.trimStart().slice(first.raw.length).trim()
    return [{ name: first.value, raw: rest }]
  }
  return words.map(({ raw }) => {
    const equals = raw.indexOf('=')
    if (equals < 0) return { name: withoutQuotes(raw) }
    return { name: withoutQuotes(raw.slice(0, equals)), raw: raw.slice(equals + 1) }
  })
}

const withoutQuotes = (text: string) => text.replace(/["']/g, '')

/**
 * Walks the instructions of a stage and of those that it is based on, oldest first, each with the variables that it sees.
 * Instructions of a base stage come with that stage.
 */
export function walkStage(
  dockerfile: Dockerfile,
  stage: Stage,
  visit: (instruction: Instruction, scope: Scope, stage: Stage) => void,
  override: Override = (_, known) => known,
): void {
  const escapeChar = dockerfile.directives['escape'] === '`' ? '`' : '\\'
  const args = new Map<string, Known>()
  const env = new Map<string, Known>()
  const globals = new Map<string, Known>()
  const stages = lineage(stage).reverse()
  const outside = hasNoVariables.test(stages[0]?.image ?? '')
    ? ({ value: '' } as const)
    : ({ unknown: 'base' } as const)
  const automatic = new Set<string>(automaticVariables)
  const scopeOf = (env: ReadonlyMap<string, Known>, args: ReadonlyMap<string, Known>): Scope => {
    const lookup: Lookup = name =>
      override(
        name,
        env.get(name) ??
          (automatic.has(name) ? { unknown: 'platform' } : undefined) ??
          args.get(name) ??
          (/^(?:PATH|SSL_CERT_FILE)$/.test(name) ? { unknown: 'base' } : outside),
      )
    return { lookup, env, args, expand: raw => expandWord(raw, lookup, undefined, escapeChar) }
  }
  const known = ({ text, unknown }: Expanded, from: Lookup): Known =>
    unknown.length === 0 ? { value: text } : { unknown: reason(unknown, from) }

  const fromGlobals: Lookup = name => globals.get(name) ?? { value: '' }
  const { lookup, expand } = scopeOf(env, args)
  for (const { keyword, ...rest } of dockerfile.globals) {
    if (keyword !== 'ARG') continue
    for (const { name, raw } of pairsOf({ keyword, ...rest })) {
      globals.set(
        name,
        raw === undefined
          ? { unknown: 'argument' }
          : known(expandWord(raw, fromGlobals, undefined, escapeChar), fromGlobals),
      )
    }
  }
  for (const one of stages) {
    for (const instruction of one.instructions) {
      // Each with the variables of its moment, for whoever looks at it later.
      visit(instruction, scopeOf(new Map(env), new Map(args)), one)
      const { keyword, onbuild } = instruction
      if (onbuild || (keyword !== 'ARG' && keyword !== 'ENV')) continue
      // All values of one instruction see the variables from before it.
      const values = pairsOf(instruction).map(({ name, raw }) => {
        const bare = globals.get(name) ?? ({ unknown: 'argument' } as const)
        return [name, raw === undefined ? bare : known(expand(raw), lookup)] as const
      })
      for (const [name, value] of values) (keyword === 'ENV' ? env : args).set(name, value)
    }
  }
}

function reason(names: readonly string[], lookup: Lookup) {
  const [name = ''] = names
  const known = lookup(name)
  return 'unknown' in known ? known.unknown : 'shell'
}

/** The words of the exec form; undefined for the shell form, and for what is no JSON, which BuildKit gives to the shell. */
export function execWords({ body }: Pick<Instruction, 'body'>): string[] | undefined {
  try {
    const words: unknown = JSON.parse(body.text)
    return Array.isArray(words) && words.every(word => typeof word === 'string') ? words : undefined
  } catch {
    return undefined
  }
}
