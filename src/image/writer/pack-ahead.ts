import type { Platform } from '../../platforms.ts'
import type { RegistryClient } from '../../registry/client.ts'
import type { ImageFile } from '../../types.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { openCache } from '../cache.ts'
import type { ImagePlan } from '../image-plan.ts'
import { programLayer } from '../layers.ts'
import type { HostFile } from '../tar-stream.ts'
import { layerBlob } from './base.ts'
import { type Compression, getCompressor } from './compress.ts'
import { makeLayer } from './layer.ts'
import { pushLayer } from './push.ts'

/** What packing ahead needs in addition to the image's plan. */
export interface PackAheadContext {
  readonly file: (file: ImageFile, platform: Platform) => HostFile
  readonly compression: Compression
  readonly registries: RegistryClient
  readonly signal: AbortSignal
  readonly onUpload: (digest: string) => void
}

/**
 * Packs the programs of one platform of an image that cannot be made yet: making it finds the layer in the cache. Without a
 * cache that lasts, nothing is done.
 * @returns uploads the layer to where the image will be pushed
 * @throws {Failure} image; interrupted. The upload: registry.
 */
export async function packProgramsAhead(
  { spec, destinations }: Pick<ImagePlan, 'spec' | 'destinations'>,
  platform: Platform,
  { file, compression, registries, signal, onUpload }: PackAheadContext,
): Promise<() => Promise<void>> {
  const cache = await openCache(cacheFolder(), () => {})
  try {
    if (cache.isTemporary) return async () => {}
    const entries = programLayer(spec, platform, file)
    const layer = layerBlob(await makeLayer(entries, getCompressor(compression), cache, signal))
    const references = destinations.flatMap(one => (one.type === 'push' ? one.references : []))
    return () => pushLayer(references, layer, { client: registries, signal, onUpload })
  } finally {
    await cache.close()
  }
}
