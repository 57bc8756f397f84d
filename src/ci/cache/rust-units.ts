import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mapLimit } from '../../util/map-limit.ts'
import type { Crate } from './cargo-lock.ts'

/** What cargo compiled at once: a library, a build script, or a run of one. */
interface Unit {
  /** Of its folder and files: `serde-0123456789abcdef`. */
  readonly hash: string
  /** What cargo compares to know whether it is current. */
  readonly fingerprints: readonly bigint[]
  /** Fingerprints of the units that it was compiled with. */
  readonly needs: readonly bigint[]
}

/**
 * The hashes of the units of a target folder that were compiled of a version of a crate that Cargo.lock no longer names, or
 * with such a unit: cargo gives the current ones other hashes. What cannot be told is not in it.
 * @param target absolute
 */
export async function staleUnits(target: string, crates: readonly Crate[]): Promise<Set<string>> {
  const profiles = await profilesIn(target)
  const units = (await Promise.all(profiles.map(unitsIn))).flat()
  const sources = (await Promise.all(profiles.map(sourcesIn))).flat()
  const isLocked = lockedSource(crates)
  const stale = new Set(sources.flatMap(({ hash, source }) => (isLocked(source) ? [] : [hash])))
  for (let before = -1; before !== stale.size; ) {
    before = stale.size
    const current = new Set(units.filter(({ hash }) => !stale.has(hash)).flatMap(unit => unit.fingerprints))
    const gone = new Set(units.filter(({ hash }) => stale.has(hash)).flatMap(unit => unit.fingerprints))
    for (const { hash, needs } of units)
      if (needs.some(need => gone.has(need) && !current.has(need))) stale.add(hash)
  }
  return stale
}

/**
 * The hashes of the units of a target folder that were compiled of packages of these names.
 * @param target absolute
 */
export async function unitsOfPackages(target: string, names: ReadonlySet<string>): Promise<Set<string>> {
  const profiles = await profilesIn(target)
  const folders = await Promise.all(profiles.map(profile => namesIn(join(profile, '.fingerprint'))))
  return new Set(
    folders.flat().flatMap(folder => {
      const hash = hashOf(folder)
      return hash !== undefined && names.has(folder.slice(0, -hash.length - 1)) ? [hash] : []
    }),
  )
}

/** `[<triple>/]<profile>`, absolute. */
async function profilesIn(target: string): Promise<string[]> {
  const outer = (await namesIn(target)).map(name => join(target, name))
  const inner = await Promise.all(
    outer.map(async folder => (await namesIn(folder)).map(name => join(folder, name))),
  )
  const folders = [...outer, ...inner.flat()]
  return folders.flatMap(folder => (folder.endsWith('.fingerprint') ? [join(folder, '..')] : []))
}

/** Each `.fingerprint/NAME-HASH` has files `X.json` with what went in, and `X` with its hash in hexadecimal, low byte first. */
async function unitsIn(profile: string): Promise<Unit[]> {
  const folders = await namesIn(join(profile, '.fingerprint'))
  return mapLimit(folders, 32, async (folder): Promise<Unit> => {
    const path = join(profile, '.fingerprint', folder)
    const records = (await namesIn(path)).filter(name => name.endsWith('.json'))
    const read = await Promise.all(
      records.map(async name => ({
        record: await readText(join(path, name)),
        fingerprint: await readText(join(path, name.slice(0, -'.json'.length))),
      })),
    )
    return {
      hash: hashOf(folder) ?? '',
      fingerprints: read.flatMap(({ fingerprint }) =>
        /^[0-9a-f]{16}$/.test(fingerprint) ? [Buffer.from(fingerprint, 'hex').readBigUInt64LE(0)] : [],
      ),
      needs: read.flatMap(({ record }) =>
        [...record.matchAll(/\[\d+,"[^"]*",(?:true|false),(\d+)\]/g)].map(([, need = '0']) => BigInt(need)),
      ),
    }
  })
}

interface Source {
  readonly hash: string
  /** `NAME-VERSION` of a registry, or the beginning of a commit. */
  readonly source: string
}

/** Which files a unit was compiled of is in `deps/NAME-HASH.d`, for build scripts in `build/NAME-HASH/*.d`. */
async function sourcesIn(profile: string): Promise<Source[]> {
  const scripts = (await namesIn(join(profile, 'build'))).map(name => join(profile, 'build', name))
  const lists = await Promise.all(
    [join(profile, 'deps'), ...scripts].map(async folder =>
      (await namesIn(folder)).filter(name => name.endsWith('.d')).map(name => ({ folder, name })),
    ),
  )
  const found = await mapLimit(lists.flat(), 32, async ({ folder, name }): Promise<Source[]> => {
    const hash = hashOf(name.slice(0, -'.d'.length))
    const text = await readStart(join(folder, name))
    const source =
      /[/\\]registry[/\\]src[/\\][^/\\]+[/\\]([^/\\]+)[/\\]/.exec(text)?.[1] ??
      /[/\\]git[/\\]checkouts[/\\][^/\\]+[/\\]([0-9a-f]{7,40})[/\\]/.exec(text)?.[1]
    return hash !== undefined && source !== undefined ? [{ hash, source }] : []
  })
  return found.flat()
}

function lockedSource(crates: readonly Crate[]): (source: string) => boolean {
  const versions = new Set(crates.map(({ name, version }) => `${name}-${version}`))
  const commits = crates.flatMap(({ source }) => /^git\+.*#([0-9a-f]+)$/.exec(source)?.[1] ?? [])
  return source => versions.has(source) || commits.some(commit => commit.startsWith(source))
}

const hashOf = (name: string) => /-([0-9a-f]{16})$/.exec(name)?.[1]

const namesIn = (folder: string) => readdir(folder).catch((): string[] => [])

const readText = (path: string) => readFile(path, 'utf8').catch(() => '')

/** The list of a large crate has thousands of paths; the first ones say enough. */
async function readStart(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined)
  if (!file) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16_384), 0, 16_384, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
