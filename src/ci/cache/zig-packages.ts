import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseZon, type Zon } from '../../languages/zig/zon.ts'
import { readTextIfThere } from '../../util/read-file.ts'

/**
 * The hashes of the packages that a project depends on, those of its packages too: the names below `p/` of Zig's global cache.
 * @param packages that folder
 * @returns undefined where one of them cannot be read: then nobody knows what it depends on
 */
export async function packageHashes(dir: string, packages: string): Promise<Set<string> | undefined> {
  const hashes = new Set<string>()
  const seen = new Set<string>()
  const queue = [dir]
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    if (seen.has(folder)) continue
    seen.add(folder)
    // Fetched, and not unpacked.
    if (!existsSync(folder) && existsSync(`${folder}.tar.gz`)) return undefined
    const found = await dependenciesOf(join(folder, 'build.zig.zon'))
    if (found === undefined) return undefined
    for (const { hash, path } of found) {
      if (hash !== undefined) {
        hashes.add(hash)
        queue.push(join(packages, hash))
      } else if (path !== undefined) queue.push(resolve(folder, path))
    }
  }
  return hashes
}

interface Dependency {
  readonly hash: string | undefined
  readonly path: string | undefined
}

/** Of one build.zig.zon; a package without one depends on nothing. */
async function dependenciesOf(file: string): Promise<Dependency[] | undefined> {
  try {
    const text = await readTextIfThere(file)
    if (text === undefined) return []
    const { dependencies } = fieldsOf(parseZon(text))
    return Object.values(fieldsOf(dependencies)).map(each => {
      const { hash, path } = fieldsOf(each)
      return { hash: textOf(hash), path: textOf(path) }
    })
  } catch {
    return undefined
  }
}

const fieldsOf = (value: Zon | undefined): { readonly [key: string]: Zon | undefined } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Zon })
    : {}

const textOf = (value: Zon | undefined) => (typeof value === 'string' ? value : undefined)
