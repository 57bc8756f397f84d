import { sep } from 'node:path'
import { writeFailure } from '../util/atomic.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../util/temporary-folder.ts'
import { makeOutputFolder, notWritable } from './output-folder.ts'

/**
 * Gives `use` a temporary folder inside `dist`, on the same file system, so that outputs appear there by rename, and
 * removes it whatever happens; that of a run that was killed goes when the next one makes its own.
 * @param made the folder, where there is one already
 * @throws {Failure} usage, when the folder cannot be written; image, when something below it cannot.
 */
export async function withWorkFolder<T>(
  dist: string,
  use: (folder: string) => Promise<T>,
  made?: TemporaryFolder,
): Promise<T> {
  await makeOutputFolder(dist)
  const folder = made ?? (await makeWorkFolder(dist))
  try {
    return await use(folder.path)
  } catch (error) {
    const { path: faulty = '', dest = faulty } = error as NodeJS.ErrnoException & { dest?: string }
    throw dest.startsWith(dist + sep) ? writeFailure(error, dest) : error
  } finally {
    await folder.remove()
  }
}

/** @throws {Failure} usage, when it cannot be made. */
export function makeWorkFolder(dist: string): Promise<TemporaryFolder> {
  return makeTemporaryFolder('.xbuild-', dist).catch(error => {
    throw notWritable(dist, error)
  })
}
