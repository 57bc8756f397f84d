import { buffer } from 'node:stream/consumers'
import { checkDocumentSize, manifestTypes } from '../../oci/manifest.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import type { RegistryClient } from '../../registry/client.ts'
import { registryFailure } from '../../registry/failures.ts'
import type { ImageSource } from './image-source.ts'
import { noSuchImage } from './patient-source.ts'

/** An image in a registry. The client stays the caller's: closing the source leaves it open. */
export function registrySource(client: RegistryClient, reference: Reference): ImageSource {
  const { registry, repository } = reference
  const name = formatReference(reference)
  return {
    name,
    repository: { registry, repository },
    async root() {
      const root = await client.headManifest(reference)
      if (root) return root
      throw registryFailure(noSuchImage, name, 'the registry has no manifest of this name')
    },
    async document(descriptor) {
      checkDocumentSize(descriptor, name)
      if (!manifestTypes.includes(descriptor.mediaType)) {
        return buffer(client.getBlob({ registry, repository }, descriptor))
      }
      const found = await client.findManifest({ registry, repository, digest: descriptor.digest })
      return found?.bytes
    },
    blob: descriptor => client.getBlob({ registry, repository }, descriptor),
    holds: ({ digest }) => client.headBlob({ registry, repository }, digest),
    close: async () => {},
  }
}
