import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { interrupted } from '../errors.ts'
import { writeFailure } from './atomic.ts'
import { removeAtExit, temporaryName } from './leftovers.ts'
import { isDead, ownerMark } from './owner.ts'
import { readText } from './read-file.ts'

/**
 * A lock of which this process cannot see the owner was left behind when it is so old, in milliseconds: it is held for one
 * read and one write.
 */
const abandonedAfter = 10_000

/**
 * Runs `work`, which reads a file and writes it anew, while no other process does the same for this file. A lock whose
 * owner is dead is taken at once.
 * @throws {Failure} image, when the file system refuses; interrupted, while it waits.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const lock = `${path}.lock`
  try {
    await mkdir(dirname(path), { recursive: true })
    const seen: Seen = { file: '', since: 0 }
    while (!(await takeLock(lock))) {
      if (signal?.aborted) throw interrupted()
      await dropAbandoned(lock, seen)
      await sleep(10 + Math.random() * 40)
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
  const { forget } = removeAtExit(lock)
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
    forget()
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx')
    await handle.writeFile(ownerMark()).finally(() => handle.close())
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** The lock that is there, and since when, by this process's own clock: that of a file server may be wrong. */
interface Seen {
  file: string
  since: number
}

/** Removes a lock that nobody holds any more; moved away first, so that of several removers one does it. */
async function dropAbandoned(lock: string, seen: Seen): Promise<void> {
  const found = await stat(lock).catch(() => undefined)
  if (!found) return
  const file = `${found.ino} ${found.mtimeMs}`
  if (seen.file !== file) Object.assign(seen, { file, since: performance.now() })
  // No clock is wrong by that much.
  const isOld = Date.now() - found.mtimeMs > 10 * 60_000
  const age = isOld ? Number.POSITIVE_INFINITY : performance.now() - seen.since
  if (age < abandonedAfter && !isDead(await readText(lock).catch(() => ''))) return
  const aside = temporaryName(lock)
  await rename(lock, aside).catch(() => {})
  await rm(aside, { force: true })
}
