import * as v from 'valibot'
import { isRegistryBase } from '../../base/lookup.ts'
import { parseReference } from '../../oci/reference.ts'
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

/**
 * The images that a build of the last day made of the same files by the same Dockerfile, flags and builder, that were read
 * back, and that their registries still have, under their tags where buildx moves those. They are not made again.
 * @returns for each image what came of it, undefined where it has to be made
 */
export async function findMadeBefore(
  images: readonly ImagePlan[],
  context: MakeContext,
): Promise<readonly (BuildxResult | undefined)[]> {
  if (!images.some(image => isRepeatable(image, context.plan))) return images.map(() => undefined)
  return withCache(cache => Promise.all(images.map(image => findOne(image, context, cache))))
}

async function findOne(
  image: ImagePlan,
  context: MakeContext,
  cache: BlobCache,
): Promise<BuildxResult | undefined> {
  const [push] = image.destinations
  if (push?.type !== 'push' || !isRepeatable(image, context.plan)) return undefined
  const { success, output } = v.safeParse(recordSchema, await cache.recall(kind, await keyOf(image, context)))
  if (!success || !isRecent(output.at)) return undefined
  const digest = output.metadata['containerimage.digest']
  const byDigest = push.byDigest || push.tagsLast !== undefined
  const has = async (reference: string) => {
    const { registry, repository, tag = 'latest' } = parseReference(reference)
    const asked = { registry, repository, ...(byDigest ? { digest } : { tag }) }
    // The builder may reach a registry that this machine does not.
    const found = await context.registries.headManifest(asked, { push: true }).catch(() => undefined)
    return found?.digest === digest
  }
  const held = await Promise.all(push.references.map(has))
  return held.every(Boolean) ? { ...resultOf(output.metadata, [], 0), isPushed: true } : undefined
}

/** Keeps what came of an image that was read back. */
export async function rememberMade(
  image: ImagePlan,
  digest: string,
  { metadata }: BuildxResult,
  context: MakeContext,
): Promise<void> {
  if (!isRepeatable(image, context.plan)) return
  const key = await keyOf(image, context)
  const config = 'containerimage.config.digest'
  const kept = { 'containerimage.digest': digest, [config]: metadata[config] }
  await withCache(cache => cache.remember(kind, key, { at: Date.now(), metadata: kept }))
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
