import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryName, writeFailure } from './atomic.ts'

/** A lock so old, in milliseconds, was left by a process that was killed: it is held for one read and one write. */
const abandonedAfter = 10_000

/**
 * Runs `work`, which reads a file and writes it anew, while no other process does the same for this file.
 * @throws {Failure} image, when the file system refuses.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`
  try {
    await mkdir(dirname(path), { recursive: true })
    while (!(await takeLock(lock))) {
      await dropAbandoned(lock)
      await sleep(10 + Math.random() * 40)
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes a lock that nobody holds any more; moved away first, so that of several removers one does it. */
async function dropAbandoned(lock: string): Promise<void> {
  const found = await stat(lock).catch(() => undefined)
  if (!found || Date.now() - found.mtimeMs < abandonedAfter) return
  const aside = temporaryName(lock)
  await rename(lock, aside).catch(() => {})
  await rm(aside, { force: true })
}
