import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dir, setGracefulCleanup } from 'tmp-promise'
import { sweep } from './leftovers.ts'
import { ownerMark } from './owner.ts'

/** A temporary folder until it is removed. */
export interface TemporaryFolder {
  readonly path: string
  remove(): Promise<void>
}

/**
 * Makes a temporary folder that only this user can open. It goes with `remove`, at exit, or, after a SIGKILL, when the
 * next one is made in the same place.
 * @param parent the system's folder for temporary files where it is absent
 * @throws what the file system says when it cannot be made.
 */
export async function makeTemporaryFolder(prefix: string, parent = tmpdir()): Promise<TemporaryFolder> {
  const name = `${prefix}${ownerMark()}-${randomBytes(6).toString('hex')}`
  await sweep(parent)
  setGracefulCleanup()
  const { path, cleanup } = await dir({ tmpdir: parent, name, mode: 0o700, unsafeCleanup: true })
  let isGone = false
  return {
    path,
    async remove() {
      if (isGone) return
      isGone = true
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
      // Only tells tmp that it is gone.
      await cleanup().catch(() => {})
    },
  }
}
