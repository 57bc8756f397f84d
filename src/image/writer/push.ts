import { createReadStream } from 'node:fs'
import { formatRepository, parseReference, repositoriesOf } from '../../oci/reference.ts'
import type { RegistryClient, Repository } from '../../registry/client.ts'
import { describeBytes } from '../../util/format.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { cacheEmptied } from '../cache.ts'
import type { LayerBlob } from './base.ts'
import type { Document, ImageContent } from './content.ts'

/** What a push needs besides the image. */
export interface PushOptions {
  readonly client: RegistryClient
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((detail: string) => void) | undefined
  /** Is told the digest of each blob that the registry has not. */
  readonly onUpload?: ((digest: string) => void) | undefined
}

/** Requests to one registry at one time. */
const parallel = 6

/**
 * Pushes an image to the repositories of the references: whatever content a registry has not, then the manifests and the
 * index by digest.
 * @returns moves the tags, which a push that fails must not.
 * @throws {Failure} registry; interrupted.
 */
export async function pushImage(
  references: readonly string[],
  content: ImageContent,
  options: PushOptions,
): Promise<() => Promise<void>> {
  const { client } = options
  const { bytes, descriptor } = content.index
  const parsed = references.map(parseReference)
  const repositories = repositoriesOf(parsed)
  const unchanged = new Set<string>()
  for (const [name, repository] of repositories) {
    if (!(await pushContent(repository, content, options))) unchanged.add(name)
  }
  return async () => {
    for (const reference of parsed) {
      if (reference.tag === undefined) continue
      const isThere =
        unchanged.has(formatRepository(reference)) &&
        (await client.headManifest(reference, { push: true }))?.digest === descriptor.digest
      if (!isThere) await client.putManifest(reference, { mediaType: descriptor.mediaType, bytes })
    }
  }
}

/**
 * Pushes everything but the tags. A manifest that the registry has is whole there: it takes none whose content it lacks.
 * @returns whether anything was missing.
 */
async function pushContent(
  { registry, repository }: Repository,
  { images, index }: ImageContent,
  options: PushOptions,
): Promise<boolean> {
  const { client } = options
  const target = { registry, repository }
  const [hasIndex, ...held] = await mapLimit(
    [index, ...images.map(({ manifest }) => manifest)],
    parallel,
    one => hasManifest(client, target, one),
  )
  const missing = images.filter((_, number) => !held[number])
  const blobs = missing.flatMap(({ config, layers }): Uploadable[] => [config, ...layers])
  await pushBlobs(target, [...new Map(blobs.map(blob => [blob.descriptor.digest, blob])).values()], options)
  await mapLimit(missing, parallel, ({ manifest: { descriptor, bytes } }) =>
    client.putManifest(target, { mediaType: descriptor.mediaType, bytes }),
  )
  if (hasIndex && missing.length === 0) return false
  const isManifest = images.some(({ manifest }) => manifest === index)
  if (!isManifest)
    await client.putManifest(target, { mediaType: index.descriptor.mediaType, bytes: index.bytes })
  return true
}

async function hasManifest(
  client: RegistryClient,
  target: Repository,
  { descriptor }: Document,
): Promise<boolean> {
  const reference = { ...target, digest: descriptor.digest }
  return (await client.headManifest(reference, { push: true })) !== undefined
}

/** A config, in memory, or a layer, in a file once it is needed. */
type Uploadable = Document | LayerBlob

async function pushBlobs(
  target: Repository,
  blobs: readonly Uploadable[],
  { client, signal, onProgress, onUpload }: PushOptions,
): Promise<void> {
  const sent = new Map<string, number>()
  let total = 0
  const report = () => {
    const bytes = [...sent.values()].reduce((sum, one) => sum + one, 0)
    onProgress?.(`pushing to ${formatRepository(target)}: ${describeBytes(bytes)} of ${describeBytes(total)}`)
  }
  await mapLimit(blobs, parallel, async blob => {
    const { digest, size } = blob.descriptor
    if (await client.headBlob(target, digest)) return
    onUpload?.(digest)
    const home = 'origin' in blob ? blob.origin : undefined
    if (home?.registry === target.registry && (await client.mountBlob(target, digest, home.repository)))
      return
    total += size
    // Fetched before the upload is opened, for that may take a while.
    if ('file' in blob) await blob.file(signal)
    const open = () => ('bytes' in blob ? single(blob.bytes) : readLayer(blob, signal))
    await client.uploadBlob(target, { digest, size }, open, bytes => {
      sent.set(digest, bytes)
      report()
    })
  })
}

/**
 * Uploads a layer to the repositories of the references, before there is an image with it.
 * @throws {Failure} registry; interrupted.
 */
export async function pushLayer(
  references: readonly string[],
  layer: LayerBlob,
  options: PushOptions,
): Promise<void> {
  for (const { registry, repository } of repositoriesOf(references.map(parseReference)).values())
    await pushBlobs({ registry, repository }, [layer], options)
}

/** Opens a layer's file for each attempt anew: somebody may have emptied the cache since. */
async function* readLayer(layer: LayerBlob, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  const path = await layer.file(signal)
  try {
    yield* createReadStream(path, { highWaterMark: 256 * 1024 })
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? cacheEmptied(path) : error
  }
}

async function* single(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
