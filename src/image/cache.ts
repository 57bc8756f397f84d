import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, interrupted } from '../errors.ts'
import { writeAll, writeAtomically, writeFailure } from '../util/atomic.ts'
import { filePieces } from '../util/file-pieces.ts'
import { hashing, hashStream } from '../util/hash-stream.ts'
import { sweep as sweepDead } from '../util/leftovers.ts'
import { makeTemporaryFolder } from '../util/temporary-folder.ts'

/**
 * Content under the user's cache folder, by digest, and small records of what it is good for. Any number of builds may
 * share it: files appear whole, by rename, are checked each time they are used, and a damaged one is dropped.
 */
export interface BlobCache {
  readonly folder: string
  /** Whether nobody but its opener sees what is stored, and that until `close`. */
  readonly isTemporary: boolean
  /** The file of a blob that is there and whole: read and compared with its digest now. */
  find(digest: string, size: number): Promise<string | undefined>
  /** Whether a blob of this digest and size is there; its content is not read, as `find` does. */
  holds(digest: string, size: number): Promise<boolean>
  /** Stores a stream. @throws what the stream throws; {Failure} image, when it cannot be written. */
  store(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<StoredBlob>
  /** A record that `remember` kept and that is whole. */
  recall(kind: string, key: string): Promise<unknown>
  /** Keeps a record, if it can. */
  remember(kind: string, key: string, value: unknown): Promise<void>
  /** Ends the use of this cache: drops what was not used for long, or all of it where it is temporary. */
  close(): Promise<void>
}

/** A blob in the cache. */
export interface StoredBlob {
  readonly path: string
  /** `sha256:…` */
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

const hour = 60 * 60 * 1000
const day = 24 * hour
/** What was not used for so long is dropped, looked for once a day. */
const keptFor = 30 * day
/** Bytes. What is over it is dropped in the same look, that which was used longest ago first. */
const maximumSize = 5 * 1024 ** 3
/** What was used since may be in use by another build, and stays. */
const inUseFor = 2 * hour
/** A temporary file so old is of a build that was killed. */
const abandonedAfter = day

/**
 * Opens the cache; where its folder cannot be written to, a temporary one that lasts until `close`, with a remark.
 * @throws {Failure} image, when there is no place for a temporary one either.
 */
export async function openCache(folder: string, remark: (text: string) => void): Promise<BlobCache> {
  try {
    await prepare(folder)
    return blobCache(folder, false, () => sweep(folder))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unusable'
    remark(`The cache folder ${folder} cannot be written to (${code}): nothing is kept for the next build`)
    try {
      const temporary = await makeTemporaryFolder('xbuild-cache-')
      await prepare(temporary.path)
      return blobCache(temporary.path, true, temporary.remove)
    } catch (failed) {
      throw writeFailure(failed, tmpdir())
    }
  }
}

async function prepare(folder: string): Promise<void> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true })
  await sweepDead(join(folder, 'blobs/sha256'))
  // a folder that exists may still be read-only
  const probe = join(folder, 'blobs/sha256', `.probe.${process.pid}.tmp`)
  await (await open(probe, 'w')).close()
  await rm(probe, { force: true })
}

function blobCache(folder: string, isTemporary: boolean, close: () => Promise<void>): BlobCache {
  const blobPath = (digest: string) => join(folder, 'blobs', ...digest.split(':'))
  const recordPath = (kind: string, key: string) => join(folder, kind, `${sha256(key)}.json`)
  return {
    folder,
    isTemporary,
    close,
    async find(digest, size) {
      const path = blobPath(digest)
      if (!(await isWhole(path, digest, size))) return undefined // `store` will replace what is there
      await touch(path)
      return path
    },
    async holds(digest, size) {
      const path = blobPath(digest)
      const found = await stat(path).catch(() => undefined)
      if (found?.size !== size) return false
      await touch(path, found)
      return true
    },
    async store(source, signal) {
      const write = async (handle: FileHandle) => {
        const hash = createHash('sha256')
        let size = 0
        for await (const chunk of hashing(source, hash)) {
          if (signal?.aborted) throw interrupted()
          size += chunk.length
          await writeAll(handle, chunk)
        }
        return { digest: `sha256:${hash.digest('hex')}`, size }
      }
      const place = ({ digest }: { digest: string }) => blobPath(digest)
      const blob = await writeAtomically(blobPath('sha256:incoming'), write, { place, durable: false })
      return { ...blob, path: blobPath(blob.digest) }
    },
    async recall(kind, key) {
      const path = recordPath(kind, key)
      const [sum, json] = (await readFile(path, 'utf8').catch(() => '')).split('\n', 2)
      if (!sum || json === undefined || sum !== sha256(json)) return undefined
      await touch(path)
      return JSON.parse(json)
    },
    async remember(kind, key, value) {
      const path = recordPath(kind, key)
      const json = JSON.stringify(value)
      try {
        await mkdir(join(folder, kind), { recursive: true })
        // What was not written because a build was killed is written by the next one, which comes by here too.
        await sweepDead(join(folder, kind))
        const bytes = Buffer.from(`${sha256(json)}\n${json}\n`)
        await writeAtomically(path, handle => writeAll(handle, bytes), { durable: false })
      } catch {
        // the next build works it out again
      }
    },
  }
}

/**
 * Whether a record of what a registry held is good still: no older than a day, for registries clean up.
 * @param at when it was written, in milliseconds since 1970
 */
export function isRecent(at: number): boolean {
  const age = Date.now() - at
  return age >= 0 && age < day
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Whether a file is still where it was. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** What was made here and is gone from the cache cannot be had again but by another build. */
export function cacheEmptied(path: string): Failure {
  return new Failure({
    kind: 'image',
    what: 'The cache was emptied during the build',
    where: path,
    why: 'a layer that was made a moment ago is not there any more',
    fix: 'run it again, and let nothing remove files of the cache meanwhile',
  })
}

/** Whether a file has this size and digest; a missing one has not. */
export async function isWhole(path: string, digest: string, size: number): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined)
  if (!handle) return false
  try {
    if ((await handle.stat()).size !== size) return false
    const [algorithm = '', hex] = digest.split(':')
    return (await hashStream(filePieces(handle), algorithm)) === hex
  } catch {
    return false
  } finally {
    await handle.close()
  }
}

/** Notes that a file is in use; at most once an hour, so that most builds only read. */
async function touch(path: string, found?: Stats): Promise<void> {
  const now = new Date()
  const used = found ?? (await stat(path).catch(() => undefined))
  if (used && now.getTime() - used.mtimeMs > hour) await utimes(path, now, now).catch(() => {})
}

/** Drops what was not used for long, and beyond `maximumSize` what was used longest ago. Fails at nothing. */
async function sweep(folder: string): Promise<void> {
  const stamp = join(folder, 'swept')
  const swept = await stat(stamp).catch(() => undefined)
  if (swept && Date.now() - swept.mtimeMs < day) return
  await writeFile(stamp, '').catch(() => {})
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = []
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name)
    // The caches of buildx are whole or broken.
    if (!entry.isFile() || path.startsWith(join(folder, 'buildx/'))) continue
    const found = await stat(path).catch(() => undefined)
    if (found) files.push({ path, age: Date.now() - found.mtimeMs, size: found.size })
  }
  let total = 0
  for (const { path, age, size } of files.sort((a, b) => a.age - b.age)) {
    total += size
    const abandoned = path.endsWith('.tmp') && age > abandonedAfter
    const tooMuch = total > maximumSize && age > inUseFor
    if (abandoned || age > keptFor || tooMuch) await rm(path, { force: true }).catch(() => {})
  }
}
