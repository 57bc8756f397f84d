import { join } from 'node:path'
import * as v from 'valibot'
import { Failure, isFailure } from '../errors.ts'
import { isDigest } from '../oci/reference.ts'
import { quoteWord } from '../util/quote-word.ts'
import { isAbsence, readText } from '../util/read-file.ts'
import { table } from '../util/string-table.ts'
import { keyPositions } from './key-positions.ts'
import { tomlFault } from './load.ts'

/** The file that holds the digests of bases, next to xbuild.toml. */
export const lockFile = 'xbuild.lock'

/** What the lock file says, and how it is heeded. */
export interface Lock {
  readonly path: string
  /** Digests by reference (`gcr.io/distroless/static-debian13:nonroot`); absent where there is no file. */
  readonly digests?: ReadonlyMap<string, string>
  /** Whether a base that is not in it ends the build. */
  readonly required: boolean
}

const digest = v.pipe(v.string(), v.check(isDigest, 'expected a digest, sha256: and 64 hex digits'))
const schema = v.strictObject({ version: v.literal(1), bases: v.optional(table(digest), {}) })

/** Bytes; a larger file is there by mistake. */
const sizeLimit = 1024 * 1024

/**
 * Reads `dir/xbuild.lock`.
 * @throws {Failure} usage, when it cannot be read or is no lock file.
 */
export async function readLock(dir: string, required: boolean): Promise<Lock> {
  const path = join(dir, lockFile)
  const text = await readIfThere(path)
  if (text === undefined) return { path, required }
  return { path, digests: await parseLock(text, path), required }
}

/**
 * The digests that the text of a lock file names.
 * @throws {Failure} usage, when it is none. `path` is for messages only.
 */
export async function parseLock(text: string, path: string): Promise<ReadonlyMap<string, string>> {
  const { default: toml } = await import('toml')
  let table: unknown
  try {
    table = JSON.parse(JSON.stringify(toml.parse(text)))
  } catch (error) {
    const { line, why } = tomlFault(error)
    throw damaged(line === undefined ? path : `${path}:${line}`, why, writesAnew, error)
  }
  const { success, output, issues } = v.safeParse(schema, table)
  if (success) return new Map(Object.entries(output.bases))
  const [issue] = issues
  const keys = (issue.path ?? []).map(({ key }) => String(key))
  const line = keyPositions(text)(keys)?.line
  const where = line === undefined ? path : `${path}:${line}`
  if (keys.join() === 'version' && Number(issue.input) > 1)
    throw damaged(where, `it is of version ${issue.input}, which a newer xbuild wrote`, 'use that xbuild')
  throw damaged(where, `${keys.at(-1) ?? 'it'}: ${issue.message}`, writesAnew)
}

/** The text of a lock file. One line for each base, sorted: what Renovate's regex manager can read and change. */
export function formatLock(digests: ReadonlyMap<string, string>): string {
  const lines = [...digests].sort().map(([reference, text]) => `"${reference}" = "${text}"`)
  return [
    '# The base images that xbuild builds on. `xbuild update` writes this file; keep it in version control.',
    'version = 1',
    '',
    '[bases]',
    ...lines,
    '',
  ].join('\n')
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readText(path, sizeLimit)
  } catch (error) {
    if (await isAbsence(error, path)) return undefined
    throw damaged(
      path,
      (isFailure(error) && error.why) || (error as Error).message,
      `ls -ld ${quoteWord(path)}`,
      error,
    )
  }
}

const writesAnew = 'xbuild update, which writes it anew'

function damaged(where: string, why: string, fix: string, cause?: unknown): Failure {
  return new Failure({ kind: 'usage', what: `${lockFile} cannot be read`, where, why, fix, cause })
}
