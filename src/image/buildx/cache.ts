import { createHash } from 'node:crypto'
import { join, relative } from 'node:path'
import type { BuildxOptions } from '../../config/options.ts'
import { Failure } from '../../errors.ts'
import { parseReference } from '../../oci/reference.ts'
import { platformFolder } from '../../platforms.ts'
import type { ImageSpec } from '../../types.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { csvField } from '../../util/csv-field.ts'
import { compareVersions } from '../../util/versions.ts'
import type { Destination } from '../destination.ts'
import type { BuilderFacts } from './builder.ts'

type CacheKind = NonNullable<BuildxOptions['cache']>

/** Values of --cache-from and --cache-to. */
export interface CacheValues {
  readonly from: readonly string[]
  readonly to: readonly string[]
}

/** Every value of --cache-from and --cache-to of an image: what --cache stands for, then those that were given. */
export function cacheValues(
  spec: Pick<ImageSpec, 'name' | 'platforms' | 'tags'>,
  destinations: readonly Destination[],
  { cache, cacheProject = '', cacheFrom, cacheTo }: BuildxOptions,
  workspace = process.env['GITHUB_WORKSPACE'],
): CacheValues {
  if (cache === undefined) return { from: cacheFrom, to: cacheTo }
  const pushes = destinations.some(({ type }) => type === 'push')
  // GitHub's cache is the repository's, a folder the machine's.
  const project = cache === 'gha' && workspace ? relative(workspace, cacheProject) : cacheProject
  const { from, to } = expandCache(cache, spec, { folder: join(cacheFolder(), 'buildx'), pushes, project })
  return { from: [...from, ...cacheFrom], to: [...to, ...cacheTo] }
}

/** What --cache depends on, besides the image. */
interface CachePlace {
  /** Of local caches. */
  readonly folder: string
  /** Whether the image is pushed. */
  readonly pushes: boolean
  /** What tells projects apart that have an image of the same name; empty for the only one. */
  readonly project: string
}

/**
 * What --cache stands for, for one image. Each image and set of platforms of a project has a scope of its own, for jobs
 * of a matrix would overwrite each other's; a cache that cannot be written fails no build. Pure.
 * @throws {Failure} usage, when a registry is asked for and the image has no tag.
 */
export function expandCache(
  kind: CacheKind,
  { name, platforms, tags }: Pick<ImageSpec, 'name' | 'platforms' | 'tags'>,
  { folder, pushes, project }: CachePlace,
): CacheValues {
  const image = [name, ...platforms.map(platformFolder)].join('-').replace(/[^\w.-]+/g, '-')
  const scope = project === '' ? image : `${image}-${shortDigest(project).slice(0, 8)}`
  const kept = 'mode=max,ignore-error=true'
  switch (kind) {
    case 'gha':
      return { from: [`type=gha,scope=xbuild-${scope}`], to: [`type=gha,scope=xbuild-${scope},${kept}`] }
    case 'local': {
      const path = `${folder}/${scope}`
      return {
        from: [`type=local,${csvField(`src=${path}`)}`],
        to: [`type=local,${csvField(`dest=${path}`)},${kept}`],
      }
    }
    case 'registry': {
      const ref = `${repositoryOf(tags)}:${shortTag(`buildcache-${image}`)}`
      // Who pushes no image may not be allowed to push a cache either, such as the build of a pull request.
      const to = pushes ? [`type=registry,ref=${ref},image-manifest=true,oci-mediatypes=true,${kept}`] : []
      return { from: [`type=registry,ref=${ref}`], to }
    }
  }
}

/** A tag has 128 characters at most (OCI distribution specification); of a longer one the end becomes a digest. */
function shortTag(tag: string): string {
  if (tag.length <= 128) return tag
  return `${tag.slice(0, 111)}-${shortDigest(tag)}`
}

const shortDigest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

function repositoryOf([first]: readonly string[]): string {
  if (first !== undefined) {
    const { registry, repository } = parseReference(first)
    return `${registry}/${repository}`
  }
  throw new Failure({
    kind: 'usage',
    what: '--cache registry needs a tag',
    why: 'the cache is kept in the repository of the image, and the image has none',
    fix: '--tag registry.example.com/app:1.0, or --cache local',
  })
}

/**
 * Why buildx or BuildKit would drop a cache of GitHub without a word (buildx util/buildflags/cache.go,
 * BuildKit cache/remotecache/gha). Pure.
 * @param values of --cache-from and --cache-to
 * @param now milliseconds since 1970
 */
export function droppedGitHubCaches(
  values: CacheValues,
  env: NodeJS.ProcessEnv,
  builder: Pick<BuilderFacts, 'buildx' | 'buildkit'>,
  now: number,
): string[] {
  const isGha = (value: string) => /(^|,)\s*type\s*=\s*gha\s*(,|$)/i.test(value) && !/(^|,)token=/.test(value)
  if (![...values.from, ...values.to].some(isGha)) return []
  const token = env['ACTIONS_RUNTIME_TOKEN']
  if (!token) {
    return [
      'type=gha does nothing here: this step has no ACTIONS_RUNTIME_TOKEN. Only JavaScript actions get it: use the Action of xbuild, or export every ACTIONS_ variable in a step before this one',
    ]
  }
  if (!env['ACTIONS_CACHE_SERVICE_V2'] || !env['ACTIONS_RESULTS_URL']) {
    return [
      'type=gha does nothing here: without ACTIONS_CACHE_SERVICE_V2 and ACTIONS_RESULTS_URL it would use version 1 of the service, which is gone since April 2025',
    ]
  }
  const old = oldTool(builder)
  if (old)
    return [`type=gha does nothing here: ${old}, and version 1 of the service is gone since April 2025`]
  return tokenRemarks(token, values.to.some(isGha), now)
}

function oldTool({ buildx, buildkit }: Pick<BuilderFacts, 'buildx' | 'buildkit'>): string | undefined {
  const version = /\d+\.\d+\.\d+/.exec(buildkit ?? '')?.[0]
  if (buildx !== undefined && compareVersions(buildx, '0.21.0') < 0)
    return `buildx ${buildx} is older than 0.21`
  if (version !== undefined && compareVersions(version, '0.20.0') < 0)
    return `BuildKit ${version} is older than 0.20`
  return undefined
}

/** The token says until when it is good, and which scopes it may write (its claim `ac`: 1 read, 2 write, 3 both). */
function tokenRemarks(token: string, writes: boolean, now: number): string[] {
  const claims = claimsOf(token)
  if (typeof claims['exp'] === 'number' && claims['exp'] * 1000 < now) {
    return ['type=gha does nothing here: ACTIONS_RUNTIME_TOKEN has expired']
  }
  const scopes = parseJson(claims['ac'])
  if (!writes || !Array.isArray(scopes)) return []
  const mayWrite = scopes.some(({ Permission }) => (Permission & 2) !== 0)
  return mayWrite
    ? []
    : ['this job may read the cache of GitHub and not write it, as jobs of forks: --cache-to does nothing']
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {}
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}
