import { sep } from 'node:path'
import { dir } from 'tmp-promise'
import { writeFailure } from '../util/atomic.ts'
import { makeOutputFolder, notWritable } from './output-folder.ts'

/**
 * Gives `use` a temporary folder inside `dist`, on the same file system, so that outputs appear there by rename, and
 * removes it whatever happens.
 * @throws {Failure} usage, when the folder cannot be written; image, when something below it cannot.
 */
export async function withWorkFolder<T>(dist: string, use: (folder: string) => Promise<T>): Promise<T> {
  await makeOutputFolder(dist)
  const { path, cleanup } = await dir({ tmpdir: dist, prefix: '.xbuild', unsafeCleanup: true }).catch(
    error => {
      throw notWritable(dist, error)
    },
  )
  try {
    return await use(path)
  } catch (error) {
    const { path: faulty = '', dest = faulty } = error as NodeJS.ErrnoException & { dest?: string }
    throw dest.startsWith(dist + sep) ? writeFailure(error, dest) : error
  } finally {
    await cleanup()
  }
}
