import { parseReference, type Reference, repositoriesOf } from '../../oci/reference.ts'
import type { RegistryClient } from '../../registry/client.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { copyImage } from '../publish/copy-image.ts'
import { openImage } from '../read/source.ts'
import type { PushWithTagsLast } from './tags-last.ts'

/** What moving tags needs. */
export interface PushContext {
  readonly client: RegistryClient
  readonly onProgress?: ((detail: string) => void) | undefined
  /** Is told of each blob that a registry had not. */
  readonly onUpload?: ((digest: string) => void) | undefined
}

/** Requests to registries at one time. */
const parallel = 6

/**
 * Pushes the image that the docker driver handed over as a layout, by digest and to every repository of its tags.
 * @returns the digest of its index, or of its manifest where it has no index
 * @throws {Failure} registry; verification, when the layout is damaged.
 */
export async function pushLayout(
  folder: string,
  { references }: PushWithTagsLast,
  context: PushContext,
): Promise<string> {
  const source = await openImage(`oci:${folder}`)
  try {
    const root = await source.root()
    for (const target of repositoriesOf(references.map(parseReference)).values())
      await copyImage(source, root, target, context)
    return root.digest
  } finally {
    await source.close()
  }
}

/**
 * Moves the tags of an image that was pushed by digest; those that name it already stay as they are.
 * @throws {Failure} registry
 */
export async function moveTagsLast(
  { references }: PushWithTagsLast,
  digest: string,
  { client }: PushContext,
): Promise<void> {
  const tags = references.map(parseReference).map(one => ({ ...one, tag: one.tag ?? 'latest' }))
  const { registry, repository } = tags[0] as Reference
  const manifest = await client.getManifest({ registry, repository, digest })
  await mapLimit(tags, parallel, async tag => {
    const named = await client.headManifest(tag, { push: true })
    if (named?.digest !== digest) await client.putManifest(tag, manifest)
  })
}
