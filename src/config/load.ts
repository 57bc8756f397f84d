import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { Failure } from '../errors.ts'
import { closestMatch } from '../util/closest-match.ts'
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
  const text = await readText(path)
  return text === undefined ? v.parse(configSchema, {}) : await parseConfig(text, path)
}

/** Parses the text of an xbuild.toml. `path` is for messages only. */
export async function parseConfig(text: string, path: string): Promise<Config> {
  // Loaded only where there is a file to parse: most projects have none.
  const { default: toml } = await import('toml')
  let table: unknown
  try {
    table = toml.parse(text)
  } catch (error) {
    // The parser says where in one of two ways: a syntax error has a location, a key set twice has line and column.
    const fault = error as { line?: number; column?: number; location?: { start: Position }; message: string }
    const { line, column } = fault.location?.start ?? fault
    throw new Failure({
      kind: 'usage',
      what: `${path} is not valid TOML`,
      where: `${path}:${line}:${column}`,
      why: fault.message,
      fix: `fix line ${line} of ${path}`,
      cause: error,
    })
  }
  const result = v.safeParse(configSchema, plain(table))
  if (result.success) return result.output
  throw new Failure({
    kind: 'usage',
    what: `${path} has ${result.issues.length === 1 ? 'a mistake' : `${result.issues.length} mistakes`}`,
    where: path,
    why: result.issues.map(describeIssue).join('\n'),
    fix: `fix ${result.issues.map(issue => v.getDotPath(issue)).join(', ')} in ${path}`,
  })
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path)
    if (size > sizeLimit) {
      throw new Failure({
        kind: 'usage',
        what: `${path} is ${Math.round(size / 1024 / 1024)} MB`,
        why: `no configuration is larger than ${sizeLimit / 1024 / 1024} MB, so this must be another file`,
        fix: `ls -l ${path}`,
      })
    }
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (error instanceof Failure) throw error
    throw new Failure({
      kind: 'usage',
      what: `${path} cannot be read`,
      why: (error as Error).message,
      fix: `ls -l ${path}`,
      cause: error,
    })
  }
}

/** The parser makes objects without a prototype; the validator and the tests need ordinary ones. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'the file'
  if (issue.kind === 'schema' && issue.type === 'strict_object' && issue.expected === 'never') {
    const parent = path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : ''
    const key = path.slice(parent ? parent.length + 1 : 0)
    const suggestion = closestMatch(key, knownKeys(parent))
    return `${path}: unknown key${suggestion ? `; did you mean ${suggestion}?` : ` (known: ${knownKeys(parent).join(', ')})`}`
  }
  const expected = issue.type === 'regex' ? issue.message : (issue.expected ?? issue.message)
  return `${path}: expected ${expected}, but found ${issue.received}`
}

/** The keys a table of the schema has, by its dotted path. */
function knownKeys(path: string): string[] {
  let schema: unknown = configSchema
  for (const part of path ? path.split('.') : []) {
    const inner = unwrap(schema) as { entries?: Record<string, unknown>; value?: unknown; item?: unknown }
    schema = inner.entries?.[part] ?? inner.value ?? inner.item
  }
  return Object.keys((unwrap(schema) as { entries?: object })?.entries ?? {})
}

function unwrap(schema: unknown): unknown {
  const { wrapped } = (schema ?? {}) as { wrapped?: unknown }
  return wrapped === undefined ? schema : unwrap(wrapped)
}
