import { digestOf } from '../../oci/digest.ts'
import { type Descriptor, mediaTypes } from '../../oci/manifest.ts'
import type { Platform } from '../../platforms.ts'
import type { ImageSpec } from '../../types.ts'
import { formatTime, ownAnnotations } from '../own-annotations.ts'
import { parseAnnotations } from './annotations.ts'
import type { Base, BaseImage, LayerBlob } from './base.ts'
import { imageConfig } from './config.ts'

/** A JSON document of an image: an index, a manifest or a config. */
export interface Document {
  readonly descriptor: Descriptor
  readonly bytes: Buffer
}

/** One platform's image, whole. */
export interface PlatformImage {
  readonly platform: Platform
  readonly manifest: Document
  readonly config: Document
  readonly layers: readonly LayerBlob[]
  /** The layer of the programs. */
  readonly programs: LayerBlob | undefined
}

/** An image, whole: what every output writes. */
export interface ImageContent {
  /** The index; the manifest itself of an image for one platform, as docker buildx makes it. */
  readonly index: Document
  readonly images: readonly PlatformImage[]
  readonly baseDigest: string | undefined
  /** Annotations of the index where something describes it. */
  readonly descriptorAnnotations: Readonly<Record<string, string>>
}

/** Puts an image together; pure. The index lists the platforms in the order of `spec.platforms`. */
export function imageContent(
  spec: ImageSpec,
  base: Base,
  parts: readonly {
    readonly platform: Platform
    readonly base: BaseImage
    readonly added: readonly LayerBlob[]
    readonly programs: LayerBlob | undefined
  }[],
): ImageContent {
  const given = parseAnnotations(spec.annotations)
  const created = { 'org.opencontainers.image.created': formatTime(spec.epoch) }
  const own = ownAnnotations(spec.base, spec.epoch, base.digest)
  const images = parts.map(
    ({ platform, base: { config, layers: below }, added, programs }): PlatformImage => {
      const layers = [...below, ...added]
      const diffIds = layers.map(({ diffId }) => diffId)
      const configDocument = document(
        mediaTypes.config,
        imageConfig(
          config,
          spec,
          platform,
          diffIds,
          added.map(({ createdBy = '' }) => createdBy),
        ),
      )
      const manifest = document(mediaTypes.manifest, {
        schemaVersion: 2,
        mediaType: mediaTypes.manifest,
        config: configDocument.descriptor,
        layers: layers.map(({ descriptor }) => descriptor),
        annotations: { ...own, ...given('manifest', platform) },
      })
      return { platform, manifest, config: configDocument, layers, programs }
    },
  )
  const index = document(mediaTypes.index, {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: images.map(({ platform, manifest }) => ({
      ...manifest.descriptor,
      ...annotated(given('manifest-descriptor', platform)),
      platform: {
        architecture: platform.arch,
        os: platform.os,
        ...(platform.variant && { variant: platform.variant }),
      },
    })),
    annotations: { ...own, ...given('index') },
  })
  const [only] = images
  // Services such as AWS Lambda refuse an index. What a person says of it needs one.
  const isAlone = images.length === 1 && !hasIndexAnnotations(given, only?.platform)
  return {
    index: only && isAlone ? only.manifest : index,
    images,
    baseDigest: base.digest,
    descriptorAnnotations: { ...created, ...given('index-descriptor') },
  }
}

/** Whether --annotation names what only an index has. */
function hasIndexAnnotations(
  given: ReturnType<typeof parseAnnotations>,
  platform: Platform | undefined,
): boolean {
  const asked = { ...given('index'), ...given('manifest-descriptor', platform) }
  return Object.keys(asked).length > 0
}

/** Every document of an image, an equal one once: configs and manifests first, then the index. */
export function documentsOf({ index, images }: ImageContent): Document[] {
  const all = [...images.flatMap(({ config, manifest }) => [config, manifest]), index]
  return [...new Map(all.map(one => [one.descriptor.digest, one])).values()]
}

/** Every layer of an image, an equal one once. */
export function layersOf({ images }: ImageContent): LayerBlob[] {
  return [
    ...new Map(images.flatMap(({ layers }) => layers).map(one => [one.descriptor.digest, one])).values(),
  ]
}

/** A value as a JSON document with its descriptor. */
export function document(mediaType: string, value: object): Document {
  const bytes = Buffer.from(JSON.stringify(value))
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}

function annotated(annotations: Record<string, string>) {
  return Object.keys(annotations).length > 0 ? { annotations } : {}
}
