import type { Descriptor } from '../../oci/manifest.ts'
import type { Platform } from '../../platforms.ts'
import type { Repository } from '../../registry/client.ts'
import type { BlobCache } from '../cache.ts'
import { builtinConfig, builtinEntries } from './builtin.ts'
import type { Compressor } from './compress.ts'
import { type RawConfig, scratchConfig } from './config.ts'
import { type Layer, makeLayer } from './layer.ts'

/** A base image, ready to be built on. */
export interface Base {
  /** For the annotations of image-spec annotations.md; absent where it has none. */
  readonly digest?: string
  /** Its image for a platform. @throws {Failure} usage, where it has none; registry; verification. */
  image(platform: Platform): Promise<BaseImage>
}

/** A base's image for one platform. */
export interface BaseImage {
  readonly config: RawConfig
  readonly layers: readonly LayerBlob[]
  /** The id of the platform that its index, else its config says it is for: a lower variant, perhaps. Absent where any. */
  readonly platform?: string
}

/** A layer of an image that is being made: described, and a file on this machine once it is asked for. */
export interface LayerBlob {
  readonly descriptor: Descriptor
  readonly diffId: string
  /** What it holds, for the history; absent for a base's. */
  readonly createdBy?: string
  /** The repository that it came from, which a registry can take it over from. */
  readonly origin?: Repository
  /** The file that holds it, checked; fetched where it has to be. */
  file(signal?: AbortSignal): Promise<string>
}

/** The base without anything, as BuildKit's `FROM scratch`. */
export const scratchBase: Base = { image: async () => ({ config: { config: scratchConfig }, layers: [] }) }

/** The base `builtin`, one layer that is the same for every platform. */
export function builtinBase(compressor: Compressor, cache: BlobCache, signal?: AbortSignal): Base {
  const layer = makeLayer(builtinEntries(), compressor, cache, signal)
  layer.catch(() => {}) // `image` throws it
  return {
    image: async () => ({
      config: {
        config: builtinConfig,
        history: [{ created: '1970-01-01T00:00:00Z', created_by: 'xbuild: base builtin' }],
      },
      layers: [layerBlob(await layer)],
    }),
  }
}

/** A layer that was made here as a part of an image. */
export function layerBlob({ digest, size, mediaType, diffId, file }: Layer, createdBy?: string): LayerBlob {
  return { descriptor: { mediaType, digest, size }, diffId, ...(createdBy && { createdBy }), file }
}
