import { createReadStream } from 'node:fs'
import type { RegistryClient, Repository } from '../../registry/client.ts'
import { formatRepository, parseReference } from '../../registry/reference.ts'
import { describeBytes } from '../../ui/format.ts'
import { eachLimited } from '../../util/each-limited.ts'
import type { LayerBlob } from './base.ts'
import type { Document, ImageContent } from './content.ts'

/** What a push is given beside the image. */
export interface PushOptions {
  readonly client: RegistryClient
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((detail: string) => void) | undefined
}

/** Requests to one registry at one time. */
const parallel = 6

/**
 * Pushes an image to every reference: first whatever content the registry has not, then the manifests by digest, and the
 * tags at the very end, so that a push which fails moves none.
 * @throws {Failure} registry; interrupted.
 */
export async function pushImage(
  references: readonly string[],
  content: ImageContent,
  options: PushOptions,
): Promise<void> {
  const parsed = references.map(parseReference)
  const repositories = new Map(parsed.map(reference => [formatRepository(reference), reference]))
  for (const repository of repositories.values()) await pushContent(repository, content, options)
  const { index } = content
  for (const reference of parsed) {
    await options.client.putManifest(reference, { mediaType: index.descriptor.mediaType, bytes: index.bytes })
  }
}

/** Everything but the tags. A manifest that the registry has is whole there: it takes none whose content it lacks. */
async function pushContent(
  { registry, repository }: Repository,
  { images }: ImageContent,
  options: PushOptions,
): Promise<void> {
  const { client } = options
  const target = { registry, repository }
  const held = await eachLimited(images, parallel, ({ manifest }) => hasManifest(client, target, manifest))
  const missing = images.filter((_, number) => !held[number])
  const blobs = missing.flatMap(({ config, layers }): Uploadable[] => [config, ...layers])
  await pushBlobs(target, [...new Map(blobs.map(blob => [blob.descriptor.digest, blob])).values()], options)
  await eachLimited(missing, parallel, ({ manifest: { descriptor, bytes } }) =>
    client.putManifest(target, { mediaType: descriptor.mediaType, bytes }),
  )
}

async function hasManifest(
  client: RegistryClient,
  target: Repository,
  { descriptor }: Document,
): Promise<boolean> {
  return (await client.headManifest({ ...target, digest: descriptor.digest })) !== undefined
}

/** A config, in memory, or a layer, in a file once it is needed. */
type Uploadable = Document | LayerBlob

async function pushBlobs(
  target: Repository,
  blobs: readonly Uploadable[],
  { client, signal, onProgress }: PushOptions,
): Promise<void> {
  const sent = new Map<string, number>()
  let total = 0
  const report = () => {
    const bytes = [...sent.values()].reduce((sum, one) => sum + one, 0)
    onProgress?.(`pushing to ${formatRepository(target)}: ${describeBytes(bytes)} of ${describeBytes(total)}`)
  }
  await eachLimited(blobs, parallel, async blob => {
    const { digest, size } = blob.descriptor
    if (await client.headBlob(target, digest)) return
    const home = 'origin' in blob ? blob.origin : undefined
    if (home?.registry === target.registry && (await client.mountBlob(target, digest, home.repository)))
      return
    total += size
    const open = 'bytes' in blob ? () => one(blob.bytes) : await opener(blob, signal)
    await client.uploadBlob(target, { digest, size }, open, bytes => {
      sent.set(digest, bytes)
      report()
    })
  })
}

async function opener(
  layer: LayerBlob,
  signal: AbortSignal | undefined,
): Promise<() => AsyncIterable<Uint8Array>> {
  const path = await layer.file(signal)
  return () => createReadStream(path, { highWaterMark: 256 * 1024 })
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
