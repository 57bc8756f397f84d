import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { Failure } from '../errors.ts'
import { locateProject } from '../languages/index.ts'
import type { LanguageName, LanguageOptions } from '../languages/options.ts'
import { idleTables } from '../languages/variant-options.ts'
import { defaultPlatforms, type Platform, parsePlatforms } from '../platforms.ts'
import type { Command } from '../types.ts'
import { parseDuration } from '../util/duration.ts'
import { hostArch } from '../util/host-arch.ts'
import { isCi } from '../util/is-ci.ts'
import { beforeCommands } from './before.ts'
import { withCompileCaches } from './compile-caches.ts'
import { type CompileOptions, compileOptions } from './compile-place.ts'
import type { BuildFlags } from './flags.ts'
import { type ImageOptions, imageOptions, onShared } from './image-options.ts'
import { loadConfig } from './load.ts'
import { inImage, locating } from './locate.ts'
import { type Lock, lockFile, readLock } from './lock-file.ts'
import type { Config } from './schema.ts'

/** Everything a build needs to know, decided once: flags > environment > xbuild.toml > defaults. */
/** Keys at the top of xbuild.toml that the project decides on, so that a wrong value shows later. */
export type TopKey = 'version-from' | 'lang' | 'bins' | 'builder' | 'dist'

export interface Options {
  /** Absolute folder of the project. */
  readonly dir: string
  /** Absolute folder of the outputs. */
  readonly dist: string
  readonly lang?: LanguageName
  /** Keys at the top of xbuild.toml whose values these are: nothing else has set them. */
  readonly ofFile: readonly TopKey[]
  readonly platforms: readonly Platform[]
  readonly bins: readonly string[]
  readonly language: LanguageOptions
  /** `[image]` with the flags on top: what an image without a table of its own is made from. */
  readonly image: ImageOptions
  /** `[images.NAME]`, each on top of `image`. */
  readonly images: Readonly<Record<string, ImageOptions>>
  readonly backend: 'auto' | 'buildx' | 'oci'
  readonly push: boolean
  /** Whether a push moves no tag. */
  readonly byDigest: boolean
  readonly load: boolean
  /** Values of -o as they were given. */
  readonly outputs: readonly string[]
  readonly buildx: BuildxOptions
  readonly compile: CompileOptions
  /** Of the layers that xbuild adds. */
  readonly compression: 'gzip' | 'zstd'
  /** Seconds that a registry may say nothing; absent for the client's own. */
  readonly registryTimeout?: number
  /** The digests of bases that xbuild.lock has. */
  readonly lock: Lock
  /** What is run, once, before the project is read. */
  readonly before: readonly Command[]
  /** Whether no registry is asked before the image is made. */
  readonly offline: boolean
  /** Whether a pushed image that cannot be read back fails the build. */
  readonly verify: 'warn' | 'strict'
  /** Processors to use. */
  readonly jobs: number
  /** Whether what the toolchain lacks is added to this machine; `ask` asks where somebody can answer. */
  readonly installs: 'ask' | 'always' | 'never'
  readonly toolchainArgs: readonly string[]
  /** `git`, `manifest`, or the version itself; absent takes what says most. */
  readonly versionFrom?: string
  readonly bench: Config['bench']
  /** What of xbuild.toml has no effect. */
  readonly idle: readonly string[]
}

/** What is handed to `docker buildx build` under its own names. */
export interface BuildxOptions {
  readonly builder?: string
  /** What stands for a --cache-from and a --cache-to of every image. */
  readonly cache?: 'gha' | 'registry' | 'local'
  /** The project's folder, which keeps that cache apart from those of other projects. */
  readonly cacheProject?: string
  readonly cacheFrom: readonly string[]
  readonly cacheTo: readonly string[]
  readonly provenance?: string
  readonly sbom?: string
  /** Absolute path. */
  readonly metadataFile?: string
}

/**
 * Merges flags, environment and xbuild.toml into the options of a build.
 * @param usesLock whether bases are built on as xbuild.lock has them
 * @throws {Failure} usage, when a value of any of them is not understood.
 */
export async function resolveOptions(
  flags: BuildFlags,
  env = process.env,
  usesLock = true,
): Promise<Options> {
  const { dir, bin } = await locateProject(resolve(flags.dir ?? '.'))
  const config = await loadConfig(dir)
  const image = await locating(dir, () => imageOptions(config.image, dir, flags, env))
  const lang = flags.lang ?? config.lang
  const asked = flags.platform ?? fromList(env['XBUILD_PLATFORM'])
  const usual = await locating(dir, () => configured(config.platforms ?? defaultPlatforms))
  const platforms = asked ? parsePlatforms(asked) : platformsFor(usual, flags)
  const versionFrom = flags.versionFrom ?? (env['XBUILD_VERSION_FROM'] || undefined) ?? config['version-from']
  const cache = flags.cache ?? config.cache.type
  const builder = flags.builder ?? (env['XBUILD_BUILDER'] || undefined) ?? config.builder
  const ownDist = distOf(flags.dist, env['XBUILD_DIST'])
  const replaced: Readonly<Record<TopKey, unknown>> = {
    'version-from': flags.versionFrom ?? (env['XBUILD_VERSION_FROM'] || undefined),
    lang: flags.lang,
    bins: flags.bin ?? bin,
    builder: flags.builder ?? (env['XBUILD_BUILDER'] || undefined),
    dist: ownDist,
  }
  return {
    dir,
    dist: ownDist ?? resolve(dir, config.dist),
    ofFile: (Object.keys(replaced) as TopKey[]).filter(key => replaced[key] === undefined),
    ...(lang && { lang }),
    platforms,
    bins: flags.bin ?? (bin === undefined ? config.bins : [bin]) ?? [],
    language: withCompileCaches(flags.locked ? cargoLocked(config) : config, env),
    image,
    images: await imagesOf(config, dir, flags, env),
    backend: flags.backend ?? backendOf(env['XBUILD_BACKEND']) ?? config.backend ?? 'auto',
    ...pushOptions(flags),
    load: flags.load ?? false,
    outputs: flags.output ?? [],
    buildx: {
      ...(builder && { builder }),
      ...(cache && { cache, cacheProject: dir }),
      cacheFrom: flags.cacheFrom ?? config.cache.from,
      cacheTo: flags.cacheTo ?? config.cache.to,
      // `--provenance` alone means true, as with buildx.
      ...(flags.provenance !== undefined && { provenance: flags.provenance || 'true' }),
      ...(flags.sbom !== undefined && { sbom: flags.sbom || 'true' }),
      ...(flags.metadataFile !== undefined && { metadataFile: resolve(flags.metadataFile) }),
    },
    compile: compileOptions(flags, config, env),
    ...registryTimeout(flags.registryTimeout),
    lock: usesLock
      ? await readLock(dir, flags.locked ?? false)
      : { path: join(dir, lockFile), required: false },
    before: flags.before === false ? [] : beforeCommands(config.build.before, dir),
    offline: flags.offline ?? false,
    verify: flags.verify ?? 'warn',
    compression: flags.compression ?? config.compression,
    installs: flags.install === false ? 'never' : flags.yes || isCi(env) ? 'always' : 'ask',
    jobs: flags.jobs === undefined ? jobsOf(env['XBUILD_JOBS'], 'XBUILD_JOBS=') : jobsOf(flags.jobs, '-j '),
    toolchainArgs: flags.toolchainArgs ?? [],
    ...(versionFrom && { versionFrom }),
    bench: benchOf(config.bench, env['XBUILD_BENCH']),
    // One job of a matrix builds one platform: the others are built elsewhere.
    idle: idleTables(config, [...platforms, ...usual]).map(
      name => `${name} of xbuild.toml has no effect: that platform is not built`,
    ),
  }
}

/** @throws {Failure} usage, which names the table and the line. */
async function imagesOf(
  config: Config,
  dir: string,
  flags: BuildFlags,
  env: NodeJS.ProcessEnv,
): Promise<Options['images']> {
  const images = Object.entries(config.images).map(async ([name, table]) => {
    const make = () => imageOptions(onShared(name, table, config.image), dir, flags, env)
    return [name, await locating(dir, () => inImage(name, make))] as const
  })
  return Object.fromEntries(await Promise.all(images))
}

const noPlatform = () =>
  new Failure({
    kind: 'usage',
    what: 'platforms is empty',
    why: 'an image is made for one platform at least',
    fix: 'take platforms out, for linux/amd64 and linux/arm64',
    key: ['platforms'],
  })

/** @throws {Failure} usage, for the item of `platforms` that is none. */
function configured(platforms: readonly string[]): Platform[] {
  if (platforms.length === 0) throw noPlatform()
  const each = platforms.flatMap((platform, at) => {
    try {
      return parsePlatforms([platform])
    } catch (error) {
      const fix = `platforms = ${JSON.stringify(defaultPlatforms).replaceAll(',', ', ')}`
      throw error instanceof Failure ? error.with({ key: ['platforms', at], fix }) : error
    }
  })
  return [...new Set(each)]
}

/**
 * The platforms of a build that names none: this machine's alone where the image only goes to its engine, of those that
 * the configuration has.
 */
function platformsFor(
  platforms: readonly Platform[],
  { load, push, pushByDigest, output }: BuildFlags,
): readonly Platform[] {
  if (!load || push || pushByDigest || output) return platforms
  const own = platforms.find(({ arch }) => arch === hostArch())
  return own ? [own] : platforms
}

/** @throws {Failure} usage, where tags are to be moved and left alone at once. */
function pushOptions({ push = false, pushByDigest = false }: BuildFlags): Pick<Options, 'push' | 'byDigest'> {
  if (!push || !pushByDigest) return { push: push || pushByDigest, byDigest: pushByDigest }
  throw new Failure({
    kind: 'usage',
    what: '--push and --push-by-digest cannot be used together',
    why: '--push moves the tags, and --push-by-digest leaves them to xbuild merge',
    fix: 'leave one of them out: --push or --push-by-digest',
  })
}

const cargoLocked = (config: Config): Config => ({ ...config, rust: { ...config.rust, locked: true } })

function fromList(text: string | undefined): string[] | undefined {
  return text ? text.split(/[\s,]+/).filter(Boolean) : undefined
}

/** Of the flag or the variable, which are relative to where xbuild is called, as -o is. */
function distOf(flag: string | undefined, variable: string | undefined): string | undefined {
  const given = flag ?? (variable || undefined)
  if (given !== '') return given === undefined ? undefined : resolve(given)
  throw new Failure({
    kind: 'usage',
    what: '--dist is empty',
    why: 'it names a folder',
    fix: '--dist .xbuild/dist',
  })
}

function backendOf(text: string | undefined): Options['backend'] | undefined {
  if (text === undefined || text === '') return undefined
  if (text === 'auto' || text === 'buildx' || text === 'oci') return text
  throw new Failure({
    kind: 'usage',
    what: `XBUILD_BACKEND cannot be ${JSON.stringify(text)}`,
    why: 'it is one of auto, buildx, oci',
    fix: 'export XBUILD_BACKEND=auto',
  })
}

/**
 * What XBUILD_BENCH asks for, which the Action sets. Asked for by nobody in particular, an emulated build has ten minutes.
 * @throws {Failure} usage
 */
function benchOf(bench: Config['bench'], asked: string | undefined): Config['bench'] {
  // `always` is --bench.
  if (asked === undefined || asked === '' || asked === 'always') return bench
  if (asked === 'never') return { ...bench, auto: false }
  if (asked === 'auto') return { ...bench, auto: true, timeout: bench.timeout ?? 600 }
  throw new Failure({
    kind: 'usage',
    what: `XBUILD_BENCH cannot be ${JSON.stringify(asked)}`,
    why: 'it is one of auto, never, always',
    fix: 'export XBUILD_BENCH=auto',
  })
}

/**
 * --registry-timeout as an option of a registry client.
 * @throws {Failure} usage, for what is no duration.
 */
export function registryTimeout(text: string | undefined): { readonly registryTimeout?: number } {
  if (text === undefined) return {}
  const seconds = /^\d+$/.test(text) ? Number(text) : (parseDuration(text) ?? 0) / 1e9
  if (seconds >= 1 && seconds <= 24 * 3600) return { registryTimeout: seconds }
  throw new Failure({
    kind: 'usage',
    what: `--registry-timeout cannot be ${JSON.stringify(text)}`,
    why: 'it is a duration from one second to a day',
    fix: '--registry-timeout 90s',
  })
}

/** Go makes a thread of its own for each before it compiles anything. */
const mostJobs = 4096

function jobsOf(value: string | undefined, name: '-j ' | 'XBUILD_JOBS='): number {
  if (value === undefined || value === '') return availableParallelism()
  const jobs = Number(value)
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= mostJobs) return jobs
  throw new Failure({
    kind: 'usage',
    what: `${name}${value} is not a number of processors`,
    why: `it is a whole number from 1 to ${mostJobs}`,
    fix: `${name}${availableParallelism()}`,
  })
}
