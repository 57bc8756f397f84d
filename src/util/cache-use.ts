import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFailure } from './atomic.ts'

/** What lies in xbuild's cache folder, and what each part is good for. The folder may be deleted at any time. */
export interface CacheUse {
  readonly folder: string
  /** Bytes of all parts. */
  readonly size: number
  readonly parts: readonly CachePart[]
}

/** A folder below it. */
export interface CachePart {
  readonly name: string
  readonly holds: string
  readonly files: number
  /** Bytes, as the files are long. */
  readonly size: number
}

const contents: Readonly<Record<string, string>> = {
  blobs: 'layers of bases and images, by digest',
  layers: 'which files gave which layer',
  made: 'which image docker buildx made of what',
  'read-back': 'which layers a registry was seen to hold whole',
  bases: "which digest a base's tag stood for",
  'diff-ids': 'layers of bases that were decompressed and checked',
  compilers: 'wrappers of C compilers for Rust',
  toolchains: 'Zig for the emulated builds of bench',
  buildx: 'caches of docker buildx, from --cache local',
  commands: 'how the last build of a project compiled, for an early start',
  outputs: 'binaries and logs of projects that cannot be written to',
  compiled: "xbuild's own code, compiled by Node.js",
}

/**
 * Reads how large the cache is; a folder that is not there is empty.
 * @throws {Failure} image, when it cannot be read.
 */
export async function readCacheUse(folder: string): Promise<CacheUse> {
  const names = await namesIn(folder)
  const found = await Promise.all(names.map(async name => ({ name, ...(await sizeOf(join(folder, name))) })))
  const parts = found
    .filter(({ files, name }) => files > 0 && name !== 'swept')
    .map(part => ({ ...part, holds: contents[part.name] ?? 'not of this version of xbuild' }))
    .sort((a, b) => b.size - a.size)
  return { folder, size: parts.reduce((total, { size }) => total + size, 0), parts }
}

/**
 * Removes everything in the cache; the folder itself stays.
 * @throws {Failure} image, when something in it cannot be removed.
 */
export async function pruneCache(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name)
    await rm(path, { recursive: true, force: true }).catch(error => {
      throw writeFailure(error, path)
    })
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw writeFailure(error, folder)
  }
}

/** A file may go while this looks at it: another build sweeps the same cache. */
async function sizeOf(path: string): Promise<{ files: number; size: number }> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) return { files: 0, size: 0 }
  if (!found.isDirectory()) return { files: 1, size: found.size }
  const inside = await Promise.all(
    (await readdir(path).catch(() => [])).map(name => sizeOf(join(path, name))),
  )
  return inside.reduce((a, b) => ({ files: a.files + b.files, size: a.size + b.size }), { files: 0, size: 0 })
}
