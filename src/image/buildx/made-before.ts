import * as v from 'valibot'
import { isRegistryBase } from '../../base/lookup.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { formatReference, parseReference, type Reference } from '../../oci/reference.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { printed } from '../../util/substitute.ts'
import { version } from '../../version.ts'
import { type BlobCache, isRecent, openCache } from '../cache.ts'
import type { ImagePlan } from '../image-plan.ts'
import { aroundLayer, filesLayer, programLayer } from '../layers.ts'
import { type MakeContext, platformFile } from '../make-context.ts'
import { measureEntries } from '../tar-stream.ts'
import { bakeCommand, bakeFile } from './bake-file.ts'
import { imageDockerfile } from './command.ts'
import { type BuildxResult, resultOf } from './run.ts'

const kind = 'made'
const recordSchema = v.object({
  /** When it was made, in milliseconds since 1970. */
  at: v.number(),
  metadata: v.object({
    'containerimage.digest': v.string(),
    'containerimage.config.digest': v.optional(v.string()),
  }),
})

/**
 * Whether the same files, Dockerfile and flags give the same image, and all that is wanted of it is a push. A template may run
 * or fetch anything, attestations hold times, and a cache is written anew each time. Pure.
 */
export function isRepeatable(
  { spec, destinations, template }: Pick<ImagePlan, 'spec' | 'destinations' | 'template'>,
  { buildx, verify, offline }: MakeContext['plan'],
): boolean {
  const { provenance = 'false', sbom = 'false', cache, cacheFrom, cacheTo, metadataFile } = buildx
  const isPlain = provenance === 'false' && sbom === 'false' && metadataFile === undefined
  const noCache = cache === undefined && cacheFrom.length + cacheTo.length === 0
  const isPinned = spec.base.digest !== undefined || !isRegistryBase(spec.base.reference)
  const isPush = destinations.length === 1 && destinations[0]?.type === 'push'
  const mayAsk = !offline && verify !== 'strict'
  return template === undefined && isPlain && noCache && isPinned && isPush && mayAsk
}

/** What is known of an image before buildx makes it. */
export interface MadeBefore {
  /** All that it is made of; undefined where the same may give another image. */
  readonly key?: string
  /** What came of it before; undefined where it has to be made. */
  readonly result?: BuildxResult
}

/**
 * The images that a build of the last day made of the same files by the same Dockerfile, flags and builder, that were read
 * back, and that their registries still have, under their tags where buildx moves those. They are not made again.
 */
export async function findMadeBefore(
  images: readonly ImagePlan[],
  context: MakeContext,
): Promise<readonly MadeBefore[]> {
  if (!images.some(image => isRepeatable(image, context.plan))) return images.map(() => ({}))
  return withCache(cache => Promise.all(images.map(image => findOne(image, context, cache))))
}

async function findOne(image: ImagePlan, context: MakeContext, cache: BlobCache): Promise<MadeBefore> {
  const [push] = image.destinations
  if (push?.type !== 'push' || !isRepeatable(image, context.plan)) return {}
  const key = await keyOf(image, context)
  const { success, output } = v.safeParse(recordSchema, await cache.recall(kind, key))
  if (!success || !isRecent(output.at)) return { key }
  const digest = output.metadata['containerimage.digest']
  const byDigest = push.byDigest || push.tagsLast !== undefined
  const has = (reference: string) => {
    const { registry, repository, tag = 'latest' } = parseReference(reference)
    const asked = { registry, repository, ...(byDigest ? { digest } : { tag }) }
    // The builder may reach a registry that this machine does not.
    return holds(asked, digest, context.registries).catch(() => false)
  }
  const held = await Promise.all(push.references.map(has))
  return held.every(Boolean)
    ? { key, result: { ...resultOf(output.metadata, [], 0), isPushed: true } }
    : { key }
}

/**
 * Whether a registry has an image with the manifests of its platforms: jobs that clean up remove manifests without a tag, and
 * with them the content of an index.
 */
async function holds(
  asked: Reference,
  digest: string,
  registries: MakeContext['registries'],
): Promise<boolean> {
  const found = await registries.findManifest(asked)
  if (found?.digest !== digest) return false
  const manifest = parseManifest(found.bytes, found.mediaType, formatReference(asked))
  if (manifest.kind !== 'index') return true
  const { registry, repository } = asked
  const platforms = manifest.manifests.map(child =>
    registries.headManifest({ registry, repository, digest: child.digest }, { push: true }),
  )
  return (await Promise.all(platforms)).every(Boolean)
}

/**
 * Keeps what came of an image that was read back.
 * @param key of `findMadeBefore`: a file that has changed since may be in the image or not, so that nothing is kept then
 */
export async function rememberMade(
  image: ImagePlan,
  key: string,
  digest: string,
  { metadata }: BuildxResult,
  context: MakeContext,
): Promise<void> {
  // A file that is gone by now is no fault of the image.
  if ((await keyOf(image, context).catch(() => undefined)) !== key) return
  const config = 'containerimage.config.digest'
  const kept = { 'containerimage.digest': digest, [config]: metadata[config] }
  await withCache(cache => cache.remember(kind, key, { at: Date.now(), metadata: kept }))
}

/** Has the next build make an image again. */
export function forgetMade(key: string): Promise<void> {
  return withCache(cache => cache.remember(kind, key, {}))
}

/** All that an image is made of. */
async function keyOf(image: ImagePlan, context: MakeContext): Promise<string> {
  const { plan, builder } = context
  const { spec } = image
  const file = platformFile(context)
  const layers = [
    await filesLayer(spec, plan.root),
    ...spec.platforms.map(platform => programLayer(spec, platform, file)),
    aroundLayer(spec),
  ]
  const content = await Promise.all(layers.map(measureEntries))
  const { driver, name, buildx, buildkit } = builder ?? {}
  return JSON.stringify([
    version,
    [driver, name, buildx, buildkit],
    imageDockerfile(image),
    bakeFile([image], plan, () => printed),
    bakeCommand(plan).args,
    image.destinations,
    content.map(entries =>
      entries.map(({ entry: { content: _, ...header }, size, sha256 }) => [header, size, sha256]),
    ),
  ])
}

async function withCache<T>(use: (cache: BlobCache) => Promise<T>): Promise<T> {
  const cache = await openCache(cacheFolder(), () => {})
  try {
    return await use(cache)
  } finally {
    await cache.close()
  }
}
