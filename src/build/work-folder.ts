import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { dir } from 'tmp-promise'
import { Failure } from '../errors.ts'
import { writeFailure } from '../util/atomic.ts'

/**
 * Gives `use` a temporary folder inside `dist`, on the same file system, so that outputs appear there by rename, and
 * removes it whatever happens. A dist folder that this creates is hidden from git by a .gitignore of its own: the
 * version that git and Go stamp into binaries would otherwise be "dirty" from the second build on.
 * @throws {Failure} usage, when the folder cannot be written; image, when something below it cannot.
 */
export async function withWorkFolder<T>(dist: string, use: (folder: string) => Promise<T>): Promise<T> {
  await makeDist(dist)
  const { path, cleanup } = await dir({ tmpdir: dist, prefix: '.xbuild', unsafeCleanup: true }).catch(error =>
    notWritable(dist, error),
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

async function makeDist(dist: string): Promise<void> {
  try {
    if (
      await stat(dist).then(
        found => found.isDirectory(),
        () => false,
      )
    )
      return
    await mkdir(dist, { recursive: true })
    await writeFile(join(dist, '.gitignore'), '*\n')
  } catch (error) {
    notWritable(dist, error)
  }
}

function notWritable(dist: string, error: unknown): never {
  throw new Failure({
    kind: 'usage',
    what: `${dist} cannot be written`,
    why: (error as Error).message,
    fix: `ls -ld ${dirname(dist)}; another folder: dist = "…" in xbuild.toml`,
    cause: error,
  })
}
