import { createReadStream } from 'node:fs'
import { servingPlatform } from '../../base/serving-platform.ts'
import { Failure, isFailure } from '../../errors.ts'
import {
  type Descriptor,
  flattenIndex,
  type ImageIndex,
  type ImageManifest,
  isAttestation,
  mediaTypes,
  parseConfig,
  parseJson,
  parseManifest,
  platformId,
} from '../../oci/manifest.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import type { Repository } from '../../registry/client.ts'
import { hashStream } from '../../util/hash-stream.ts'
import { baseDocuments } from '../base-documents.ts'
import { type BlobCache, isThere } from '../cache.ts'
import { decompress, UnreadableCompression } from '../read/decompress.ts'
import type { ImageSource } from '../read/image-source.ts'
import type { Base, BaseImage, LayerBlob } from './base.ts'
import type { RawConfig } from './config.ts'

/** How a base is read. */
export interface SourceBaseOptions {
  readonly cache: BlobCache
  /** Where it is, when that is a registry. */
  readonly reference?: Reference | undefined
  readonly remark: (text: string) => void
  /** Whether its registry is not to be asked, so that the cache must have it. */
  readonly unasked?: boolean | undefined
  /** What other base would serve, named when this one is not available. */
  readonly otherBases?: string | undefined
}

/**
 * A base that is read from a registry, a layout or an archive. Everything is kept in the cache by digest, so that a
 * later build needs the registry only to ask what the tag means now, and continues without it, with a warning, where
 * it cannot be reached.
 * @throws {Failure} registry; verification, when its content is not what its digests say.
 */
export async function openSourceBase(source: ImageSource, options: SourceBaseOptions): Promise<Base> {
  const guard: Guard = work => work.catch(error => Promise.reject(withOtherBases(error, options.otherBases)))
  const root = await guard(resolveRoot(source, options))
  const reader = createReader(source, options.cache, guard)
  const manifest = await reader.manifest(root)
  const candidates = manifest.kind === 'index' ? await entriesOf(manifest, reader, source.name) : undefined
  return {
    digest: root.digest,
    async image(platform) {
      const entry = candidates ? chooseEntry(candidates, platform, source.name) : undefined
      const image = entry ? await reader.manifest(entry) : manifest
      if (image.kind === 'index')
        throw malformed(source.name, 'there is an index where an image was described')
      const id = platformId(entry?.platform)
      const read = await readImage(image, platform, source, reader, options.reference)
      return { ...read, ...(id !== undefined && { platform: id }) }
    },
  }
}

/** What the base's name means: by its digest, as the registry says, or as it said last. */
async function resolveRoot(
  source: ImageSource,
  { cache, reference, remark, unasked }: SourceBaseOptions,
): Promise<Descriptor> {
  if (!reference) return source.root()
  const documents = baseDocuments(cache)
  const known = await documents.recall(reference)
  if (known && (unasked || reference.digest !== undefined)) return known
  try {
    const root = await source.root()
    await documents.remember(reference, root)
    return root
  } catch (error) {
    if (!known || !isUnreachable(error)) throw error
    const name = formatReference(reference)
    remark(`${error.what} (${error.where}): building on ${name} as it was when last seen, ${known.digest}`)
    return known
  }
}

/** Whether a registry did not answer at all, as against one that said no. */
function isUnreachable(error: unknown): error is Failure {
  return isFailure(error, 'registry') && error.what === 'The registry cannot be reached'
}

interface Reader {
  manifest(descriptor: Descriptor): Promise<ImageIndex | ImageManifest>
  /** A small blob: a manifest or a config. */
  document(descriptor: Descriptor): Promise<Uint8Array>
  /** The file of a layer in the cache, fetched where it is not there; it unpacks to `diffId`. */
  file(descriptor: Descriptor, diffId: string, signal?: AbortSignal): Promise<string>
}

/** Says of a failure to get the base which other one there is. */
type Guard = <T>(work: Promise<T>) => Promise<T>

function createReader(source: ImageSource, cache: BlobCache, guard: Guard): Reader {
  const documents = baseDocuments(cache)
  const document = async (descriptor: Descriptor): Promise<Uint8Array> => {
    const kept = await documents.find(descriptor)
    if (kept) return kept
    const bytes = await guard(source.document(descriptor))
    if (!bytes) throw missing(source.name, descriptor)
    await documents.keep(bytes)
    return bytes
  }
  const fetch = async (descriptor: Descriptor, diffId: string, signal?: AbortSignal) => {
    const found = await cache.find(descriptor.digest, descriptor.size)
    const path = found ?? (await guard(cache.store(source.blob(descriptor), signal))).path
    await checkDiffId(path, descriptor, diffId, { cache, where: source.name })
    return path
  }
  const files = new Map<string, Promise<string>>()
  return {
    document,
    manifest: async descriptor =>
      parseManifest(await document(descriptor), descriptor.mediaType, `${source.name}@${descriptor.digest}`),
    async file(descriptor, diffId, signal) {
      const key = `${descriptor.digest} ${diffId}`
      const known = files.get(key)
      // Somebody may empty the cache meanwhile.
      if (known && (await isThere(await known))) return known
      const file = fetch(descriptor, diffId, signal)
      files.set(key, file)
      return file
    },
  }
}

/**
 * Makes sure that a layer unpacks to what the base's config says, else no engine would run what is built on it. That a
 * layer does is kept in the cache. One that this Node.js cannot decompress is taken as it is.
 */
async function checkDiffId(
  path: string,
  { digest }: Descriptor,
  diffId: string,
  { cache, where }: { readonly cache: BlobCache; readonly where: string },
): Promise<void> {
  if ((await cache.recall('diff-ids', digest)) === diffId) return
  const [algorithm = ''] = diffId.split(':')
  const unpacked = decompress(createReadStream(path), `${where}@${digest}`)
  const hex = await hashStream(unpacked, algorithm).catch(error => {
    if (error instanceof UnreadableCompression) return undefined
    throw error
  })
  if (hex === undefined) return
  const actual = `${algorithm}:${hex}`
  if (actual !== diffId) {
    throw malformed(where, `its layer ${digest} unpacks to ${actual}, and its config says ${diffId}`)
  }
  await cache.remember('diff-ids', digest, diffId)
}

async function entriesOf(index: ImageIndex, reader: Reader, where: string): Promise<Descriptor[]> {
  const load = async (descriptor: Descriptor) => {
    const nested = await reader.manifest(descriptor)
    return nested.kind === 'index' ? nested : undefined
  }
  const entries = await flattenIndex(index, load, where)
  return entries.filter(entry => !isAttestation(entry) && platformId(entry.platform) !== undefined)
}

/** The entry for a platform, or for the next lower variant, whose images run there too. */
function chooseEntry(entries: readonly Descriptor[], platform: Platform, where: string): Descriptor {
  const held = [...new Set(entries.flatMap(({ platform }) => platformId(platform) ?? []))]
  const serving = servingPlatform(platform, held)
  const entry = serving && entries.find(entry => platformId(entry.platform) === serving)
  if (entry) return entry
  throw noPlatform(
    where,
    platform,
    held.length > 0 ? `it has ${held.join(', ')}` : 'it has no platform at all',
  )
}

async function readImage(
  { config: configDescriptor, layers }: ImageManifest,
  platform: Platform,
  source: ImageSource,
  reader: Reader,
  origin: Repository | undefined,
): Promise<BaseImage> {
  const where = `${source.name}@${configDescriptor.digest}`
  const bytes = await reader.document(configDescriptor)
  const { os, architecture, variant, diffIds } = parseConfig(bytes, where)
  if (os !== platform.os || platformId({ os, architecture })?.split('/')[1] !== platform.arch) {
    throw noPlatform(source.name, platform, `its image says that it is for ${os}/${architecture}`)
  }
  if (diffIds.length !== layers.length) {
    throw malformed(where, `the manifest has ${layers.length} layers and the config ${diffIds.length}`)
  }
  const blobs = layers.map((layer, number): LayerBlob => {
    const diffId = diffIds[number] as string
    const { digest, size, annotations = {} } = layer
    return {
      descriptor: {
        mediaType: ociLayerType(layer.mediaType),
        digest,
        size,
        ...(Object.keys(annotations).length > 0 && { annotations }),
      },
      diffId,
      file: signal => reader.file(layer, diffId, signal),
      ...(origin && { origin: { registry: origin.registry, repository: origin.repository } }),
    }
  })
  const id = platformId({ os, architecture, variant })
  return { config: parseJson(bytes, where) as RawConfig, layers: blobs, ...(id && { platform: id }) }
}

/** The OCI name of a layer's media type, as BuildKit translates Docker's: an image is of one kind throughout. */
function ociLayerType(mediaType: string): string {
  const [, compression] =
    /^application\/vnd\.docker\.image\.rootfs\.diff\.tar(?:\.(gzip|zstd))?$/.exec(mediaType) ?? []
  if (compression) return `${mediaTypes.layer}+${compression}`
  return mediaType.endsWith('diff.tar') ? mediaTypes.layer : mediaType
}

function noPlatform(where: string, platform: Platform, why: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `The base has no image for ${platform.id}`,
    where,
    why,
    fix: '--base builtin or --base scratch, which run static binaries on every platform',
  })
}

/** A registry's failure with the bases that would serve instead. */
function withOtherBases(error: unknown, otherBases: string | undefined): unknown {
  if (!isFailure(error, 'registry')) return error
  const others = [
    otherBases,
    'a mirror of it with [image] registry, or a copy of it as an OCI layout or archive: --base ./base.tar',
  ]
  return new Failure({
    kind: 'registry',
    what: `The base image cannot be read. ${error.what}`,
    where: error.where,
    why: error.why,
    fix: [error.fix, ...others].filter(Boolean).join('\nor '),
    cause: error,
  })
}

function malformed(where: string, why: string): Failure {
  return new Failure({ kind: 'verification', what: 'Malformed base image', where, why })
}

function missing(where: string, { digest }: Descriptor): Failure {
  return new Failure({
    kind: 'registry',
    what: 'The base image is not whole',
    where,
    why: `${digest} is described and missing`,
    fix: 'pull or write it again, or choose another base with --base',
  })
}
