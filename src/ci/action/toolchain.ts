import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ToolchainCache } from '../cache/plan.ts'
import { readKeptFiles } from '../cache/used-files.ts'
import { compression, packFiles, unpackFiles } from '../github/archive.ts'
import { type CacheService, entryVersion } from '../github/cache-service.ts'
import type { CacheUse } from '../summary.ts'

/** An entry that holds almost all that a new one would is not replaced: a repository has 10 GB for all of them. */
const newShare = 0.05

/** What both ways need. */
export interface CacheWork {
  readonly service: CacheService
  readonly cache: Pick<ToolchainCache, 'key' | 'restoreKeys' | 'folders'>
  /** A folder for the archive. */
  readonly temporary: string
  readonly signal: AbortSignal
}

/**
 * Brings back what the newest fitting run kept. A cache that cannot be read slows a build down and breaks none, so what
 * goes wrong is a note.
 */
export async function restoreToolchain({ service, cache, temporary, signal }: CacheWork): Promise<CacheUse> {
  if (!service.reads) return { note: 'this job may not read the cache' }
  const paths = cache.folders.map(({ path }) => path)
  return withFile(temporary, async file => {
    try {
      const found = await service.restore(
        cache.key,
        cache.restoreKeys,
        entryVersion(paths, compression),
        file,
      )
      if (found === undefined) return {}
      const { size } = await stat(file)
      await unpackFiles(file, paths, signal)
      return { restored: found, size }
    } catch (error) {
      if (signal.aborted) throw error
      return { note: `not restored: ${(error as Error).message}` }
    }
  })
}

/**
 * Keeps what the build used for later runs, unless that is what was restored.
 * @param since when the build began, in milliseconds since 1970
 * @returns what was done, in words
 */
export async function saveToolchain(
  { service, cache, temporary, signal }: CacheWork,
  { restored }: CacheUse,
  since: number,
): Promise<string> {
  if (!service.writes) return 'this job may not write the cache'
  const used = (await readKeptFiles(cache.folders, since)).filter(file => file.isUsed)
  const total = used.reduce((sum, { size }) => sum + size, 0)
  if (total === 0) return 'nothing to keep'
  const fresh = used.filter(file => file.isNew).reduce((sum, { size }) => sum + size, 0)
  const fits =
    restored !== undefined && cache.restoreKeys[0] !== undefined && restored.startsWith(cache.restoreKeys[0])
  if (fits && fresh < total * newShare)
    return 'the restored entry has all of it but a few files; kept as it is'
  const paths = cache.folders.map(({ path }) => path)
  return withFile(temporary, async file => {
    try {
      await packFiles(
        file,
        paths,
        used.map(({ path }) => path),
        signal,
      )
      const saved = await service.save(cache.key, entryVersion(paths, compression), file)
      return saved ? `saved as ${cache.key}` : `${cache.key} was saved by another job`
    } catch (error) {
      if (signal.aborted) throw error
      return `not saved: ${(error as Error).message}`
    }
  })
}

async function withFile<T>(temporary: string, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(temporary, 'xbuild-cache-'))
  try {
    return await work(join(folder, 'archive'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
