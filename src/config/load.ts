import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { Failure } from '../errors.ts'
import { languageNames } from '../languages/options.ts'
import { closestMatch } from '../util/closest-match.ts'
import { quoteWord } from '../util/quote-word.ts'
import { isAbsence, readText } from '../util/read-file.ts'
import { dockerfileHint } from './dockerfile-words.ts'
import { keyPositions } from './key-positions.ts'
import { knownKeys, tablesOf } from './known-keys.ts'
import { type Config, configSchema } from './schema.ts'

/** The file that configures a project, in its folder. */
export const configFile = 'xbuild.toml'

type Position = { line: number; column: number }

/** Bytes. A larger file is there by mistake. */
const sizeLimit = 1024 * 1024

/**
 * Reads and validates `dir/xbuild.toml`; the defaults when there is none.
 * @throws {Failure} usage, naming line and column of a syntax error, or every faulty key at once.
 */
export async function loadConfig(dir: string): Promise<Config> {
  const path = join(dir, configFile)
  const text = await readConfigText(path)
  return text === undefined ? v.parse(configSchema, {}) : await parseConfig(text, path)
}

/** Parses the text of an xbuild.toml. `path` is for messages only. */
export async function parseConfig(text: string, path: string): Promise<Config> {
  // Loaded only where there is a file to parse: most projects have none.
  const { default: toml } = await import('toml')
  let table: unknown
  try {
    table = plain(toml.parse(text), { text, path })
  } catch (error) {
    throw error instanceof Failure ? error : notToml(error, path)
  }
  const result = v.safeParse(configSchema, table)
  if (result.success) return result.output
  throw hasMistakes(result.issues, text, path)
}

function hasMistakes(found: readonly v.BaseIssue<unknown>[], text: string, path: string): Failure {
  const issues = found.flatMap(precise)
  const positionOf = keyPositions(text)
  const described = issues.map(issue => {
    const position = positionOf((issue.path ?? []).map(({ key }) => String(key)))
    return { position, text: describeIssue(issue) }
  })
  const places = described.map(({ position }) =>
    position ? `${path}:${position.line}:${position.column}` : path,
  )
  const lines = described.map(({ position, text }) =>
    position && described.length > 1 ? `line ${position.line}: ${text}` : text,
  )
  return new Failure({
    kind: 'usage',
    what: `${path} has ${issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`}`,
    where: [...new Set(places)].join('\n'),
    why: lines.join('\n'),
    fix: `fix ${issues.map(issue => v.getDotPath(issue)).join(', ')} in ${path}`,
  })
}

/** Of a table that may also be something else, such as false, the keys that are wrong. */
function precise(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown>[] {
  const { path, issues, input } = issue
  const inside = Array.isArray(input) ? [] : (issues ?? []).filter(one => one.path)
  if (!path || inside.length === 0) return [issue]
  return inside.map(one => ({ ...one, path: [...path, ...(one.path ?? [])] }) as v.BaseIssue<unknown>)
}

/** The parser says where in one of two ways: a syntax error has a location, a key set twice has line and column. */
export function tomlFault(error: unknown): Partial<Position> & { readonly why: string } {
  const fault = error as Partial<Position> & { location?: { start: Position }; message: string }
  const { line, column } = fault.location?.start ?? fault
  const why = error instanceof RangeError ? 'its tables and arrays are nested too deeply' : fault.message
  return line === undefined || column === undefined ? { why } : { line, column, why }
}

function notToml(error: unknown, path: string): Failure {
  const { line, column, why } = tomlFault(error)
  return new Failure({
    kind: 'usage',
    what: `${path} is not valid TOML`,
    where: line === undefined ? path : `${path}:${line}:${column}`,
    why,
    fix: line === undefined ? `check what wrote ${path}` : `fix line ${line} of ${path}`,
    cause: error,
  })
}

async function readConfigText(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path)
    if (size > sizeLimit) {
      throw new Failure({
        kind: 'usage',
        what: `${path} is ${Math.round(size / 1024 / 1024)} MB`,
        why: `no configuration is larger than ${sizeLimit / 1024 / 1024} MB, so this must be another file`,
        fix: `ls -l ${quoteWord(path)}`,
      })
    }
    return await readText(path, sizeLimit)
  } catch (error) {
    if (await isAbsence(error, path)) return undefined
    if (error instanceof Failure) throw error
    throw new Failure({
      kind: 'usage',
      what: `${path} cannot be read`,
      why: (error as Error).message,
      fix: `ls -l ${quoteWord(path)}`,
      cause: error,
    })
  }
}

interface ConfigText {
  readonly path: string
  readonly text: string
}

/**
 * The parser makes objects without a prototype; the validator and the tests need ordinary ones.
 * @throws {Failure} usage, for NUL in a text: no file name, argument or variable can hold it.
 */
function plain(value: unknown, file: ConfigText, keys: readonly string[] = []): unknown {
  if (typeof value === 'string' && value.includes('\0')) throw holdsNul(file, keys)
  if (Array.isArray(value)) return value.map((item, index) => plain(item, file, [...keys, String(index)]))
  // An object without keys would pass for an empty table.
  if (value instanceof Date) return Symbol('date')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key.includes('\0')) throw holdsNul(file, [...keys, key])
      return [key, plain(item, file, [...keys, key])]
    }),
  )
}

function holdsNul({ path, text }: ConfigText, keys: readonly string[]): Failure {
  const position = keyPositions(text)(keys)
  const name = keys.map(key => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join('.')
  return new Failure({
    kind: 'usage',
    what: `${name} holds the character NUL`,
    where: position ? `${path}:${position.line}:${position.column}` : path,
    why: 'no file name, argument, variable or label can hold it',
    fix: `take \\u0000 out of ${name}`,
  })
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'the file'
  const keys = (issue.path ?? []).map(({ key }) => String(key))
  if (isPlatformsTable(issue)) {
    const tables = languageNames.map(name => `[${name}.platform."linux/arm/v7"]`)
    return `${path}: what one platform has of its own is in ${tables.join(', ')}, by the language`
  }
  if (issue.expected === 'never') return `${path}: ${describeUnknown(keys.at(-1) ?? '', keys.slice(0, -1))}`
  // valibot's own texts begin so; any other is of our schema.
  const isOurs = !issue.message.startsWith('Invalid ')
  const expected = isOurs ? issue.message : inToml(issue.expected ?? issue.message)
  if (issue.received === 'undefined') return `${path} is missing`
  if (issue.type === 'min_length')
    return `${path}: expected ${isOurs ? expected : 'an item'}, but it is empty`
  const near = closestMatch(unquote(issue.received), choicesOf(issue.expected))
  const hint = near === undefined ? '' : `; did you mean "${near}"?`
  return `${path}: expected ${expected}, but found ${inToml(issue.received)}${hint}`
}

/** `[platforms."linux/arm/v7"]` or `[platform."linux/arm/v7"]`, which belong to the table of a language. */
function isPlatformsTable({ path }: v.BaseIssue<unknown>): boolean {
  const [first, ...deeper] = path ?? []
  if (deeper.length > 0 || !/^platforms?$/.test(String(first?.key))) return false
  return typeof first?.value === 'object' && !Array.isArray(first.value)
}

const typesInToml: Readonly<Record<string, string>> = {
  Array: 'an array',
  Object: 'a table',
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  symbol: 'a date',
}

/** A type of JavaScript under its name in TOML; texts in quotes stay. */
function inToml(type: string): string {
  return type.replace(/"(?:[^"\\]|\\.)*"|\b[A-Za-z]+\b/g, word => typesInToml[word] ?? word)
}

/** The choices of `("auto" | "buildx")`. */
function choicesOf(expected: string | null): string[] {
  return [...(expected ?? '').matchAll(/"([^"]*)"/g)].map(([, choice = '']) => choice)
}

const unquote = (text: string) => text.replace(/^"(.*)"$/, '$1')

function describeUnknown(key: string, table: readonly string[]): string {
  const known = knownKeys(table)
  const [top, image] = table
  if (top === 'images' && table.length === 2 && languageNames.some(name => name === key))
    return `unknown key; what one program is compiled with is in [${key}.program.${image}]`
  const isOfImage = ['', 'image', 'images'].includes(table[0] ?? '') && table.length < 3
  const hint = isOfImage ? dockerfileHint(key) : undefined
  if (hint !== undefined) return `unknown key; ${hint}`
  const suggestion = closestMatch(key, known)
  if (suggestion) return `unknown key; did you mean ${suggestion}?`
  const others = tablesOf(key)
  if (others.length > 0) return `unknown key; it belongs to ${others.map(other => `[${other}]`).join(' or ')}`
  if (knownKeys([]).includes(key)) return 'unknown key; it belongs to the top of the file, above all tables'
  return `unknown key (known: ${known.join(', ')})`
}
