import { readdir, rm, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { mapLimit } from '../../util/map-limit.ts'
import type { CachedFolder } from './recipe.ts'

/** A file of a folder that is kept. */
export interface KeptFile {
  /** Absolute. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly isUsed: boolean
  /** Whether it was made or touched since the build began. */
  readonly isNew: boolean
}

/**
 * Every file and link of the folders, each with whether the build used it.
 * @param since when the build began, in milliseconds since 1970
 */
export async function readKeptFiles(folders: readonly CachedFolder[], since: number): Promise<KeptFile[]> {
  const all = await Promise.all(folders.map(folder => filesOf(folder, since)))
  return all.flat()
}

async function filesOf({ path: root, findUsed }: CachedFolder, since: number): Promise<KeptFile[]> {
  const isUsed = await findUsed(since)
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter(entry => entry.isFile() || entry.isSymbolicLink())
  const read = await mapLimit(files, 64, async ({ parentPath, name }): Promise<KeptFile[]> => {
    const path = join(parentPath, name)
    const found = await stat(path).catch(() => undefined)
    if (!found) return []
    const file = relative(root, path).split(sep).join('/')
    const used = isUsed(file, found.mtimeMs)
    return [{ path, size: found.size, isUsed: used, isNew: found.mtimeMs >= since }]
  })
  return read.flat()
}

/** Removes what the build did not use. @returns the bytes that were removed. */
export async function pruneFolders(folders: readonly CachedFolder[], since: number): Promise<number> {
  const unused = (await readKeptFiles(folders, since)).filter(file => !file.isUsed)
  await mapLimit(unused, 64, ({ path }) => rm(path, { force: true }))
  return unused.reduce((total, { size }) => total + size, 0)
}
