import { sep } from 'node:path'
import { writeFailure } from '../util/atomic.ts'
import { makeTemporaryFolder } from '../util/temporary-folder.ts'
import { makeOutputFolder, notWritable } from './output-folder.ts'

/**
 * Gives `use` a temporary folder inside `dist`, on the same file system, so that outputs appear there by rename, and
 * removes it whatever happens; that of a run that was killed goes when the next one makes its own.
 * @throws {Failure} usage, when the folder cannot be written; image, when something below it cannot.
 */
export async function withWorkFolder<T>(dist: string, use: (folder: string) => Promise<T>): Promise<T> {
  await makeOutputFolder(dist)
  const folder = await makeTemporaryFolder('.xbuild-', dist).catch(error => {
    throw notWritable(dist, error)
  })
  try {
    return await use(folder.path)
  } catch (error) {
    const { path: faulty = '', dest = faulty } = error as NodeJS.ErrnoException & { dest?: string }
    throw dest.startsWith(dist + sep) ? writeFailure(error, dest) : error
  } finally {
    await folder.remove()
  }
}
