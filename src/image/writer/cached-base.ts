import type { Reference } from '../../oci/reference.ts'
import { formatReference, parseReference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import { registryFailure } from '../../registry/failures.ts'
import type { BaseChoice } from '../../types.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { openCache } from '../cache.ts'
import type { ImageSource } from '../read/image-source.ts'
import { openSourceBase } from './source-base.ts'

/** An image whose registry nobody asks: what the cache has not fails. */
export function unaskedSource(reference: Reference): ImageSource {
  const name = formatReference(reference)
  const refuse = (): never => {
    throw registryFailure(
      'The cache does not have all of the base image',
      name,
      'and --offline asks no registry for it',
      'a build without --offline keeps it in the cache',
    )
  }
  return {
    name,
    root: async () => refuse(),
    document: async () => refuse(),
    blob: refuse,
    close: async () => {},
  }
}

/** What of a base is looked for. */
interface Wanted {
  readonly platforms: readonly Platform[]
  /** Whether its layers are needed too; a registry that is pushed to may hold them. */
  readonly layers: boolean
}

/** Whether xbuild's own cache has a base, so that an image can be made on it without its registry. */
export async function isBaseCached(
  { reference, digest }: Pick<BaseChoice, 'reference' | 'digest'>,
  { platforms, layers }: Wanted,
  folder = cacheFolder(),
): Promise<boolean> {
  const parsed = { ...parseReference(reference), ...(digest !== undefined && { digest }) }
  const cache = await openCache(folder, () => {})
  try {
    const options = { cache, reference: parsed, unasked: true, remark: () => {} }
    const base = await openSourceBase(unaskedSource(parsed), options)
    for (const platform of platforms) {
      const image = await base.image(platform)
      if (layers) for (const layer of image.layers) await layer.file()
    }
    return true
  } catch {
    return false
  } finally {
    await cache.close()
  }
}
