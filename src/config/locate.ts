import { join } from 'node:path'
import { Failure } from '../errors.ts'
import { readText } from '../util/read-file.ts'
import { keyPositions } from './key-positions.ts'
import { configFile } from './load.ts'

type Key = readonly (string | number)[]

/**
 * Runs a part of a build; a failure about a value of `dir/xbuild.toml` (`key`) gets the file, line and column of it. A key of
 * `[images.NAME]` may also be set in `[image]`.
 */
export async function locating<T>(dir: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Failure) || error.key === undefined) throw error
    const place = await placeOf(join(dir, configFile), error.key)
    if (place === undefined) throw error
    // A path says more; the name of the table is in the file.
    const more = error.where === undefined || error.where.startsWith('[') ? '' : `\n${error.where}`
    throw error.with({ where: `${place}${more}`, key: undefined })
  }
}

/**
 * Does what depends on a key at the top of `dir/xbuild.toml`: a failure of it is one about that key, unless a flag or a variable
 * has set it.
 */
export async function locatingKey<K extends string, T>(
  { dir, ofFile }: { readonly dir: string; readonly ofFile: readonly K[] },
  key: K,
  work: () => T | Promise<T>,
): Promise<T> {
  if (!ofFile.includes(key)) return work()
  return locating(dir, async () => {
    try {
      return await work()
    } catch (error) {
      throw error instanceof Failure && error.key === undefined ? error.with({ key: [key] }) : error
    }
  })
}

/** Does what an image's own table asks for: a failure about `[image]` is one about `[images.NAME]` then. */
export function inImage<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw ofImage(name, error)
  }
}

/** A failure about `[image]` as one about `[images.NAME]`; anything else as it is. */
export function ofImage(name: string, error: unknown): unknown {
  const [table, ...rest] = error instanceof Failure && error.key ? error.key : []
  return table === 'image' ? (error as Failure).with({ key: ['images', name, ...rest] }) : error
}

/** `/app/xbuild.toml:7:12`; undefined where the file does not have the key, which a flag or a default has set then. */
async function placeOf(path: string, key: Key): Promise<string | undefined> {
  const text = await readText(path).catch(() => undefined)
  if (text === undefined) return undefined
  const positionOf = keyPositions(text)
  const [table, , ...rest] = key
  for (const candidate of table === 'images' ? [key, ['image', ...rest]] : [key]) {
    const found = positionOf(candidate)
    const above = positionOf(candidate.slice(0, -1))
    if (found && !(found.line === above?.line && found.column === above.column))
      return `${path}:${found.line}:${found.column}`
  }
  return undefined
}
