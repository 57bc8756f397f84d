import type { Descriptor } from '../../oci/manifest.ts'
import { isAttestation, isIndex, parseManifest } from '../../oci/manifest.ts'
import { formatRepository } from '../../oci/reference.ts'
import type { RegistryClient, Repository } from '../../registry/client.ts'
import { describeBytes } from '../../util/format.ts'
import { mapLimit } from '../../util/map-limit.ts'
import type { ImageSource } from '../read/image-source.ts'
import { missingBlob } from '../read/layout-files.ts'

/** What a copy needs besides the image. */
export interface CopyContext {
  readonly client: RegistryClient
  readonly onProgress?: ((detail: string) => void) | undefined
  /** Is told of each blob that the repository had not. */
  readonly onUpload?: ((digest: string) => void) | undefined
}

/** Requests to one registry at one time. */
const parallel = 6

/**
 * Copies what a descriptor names to a repository, byte by byte and by digest: blobs, then manifests, then indexes. What the
 * repository has stays as it is, and no tag moves.
 * @throws {Failure} registry; verification, when a part is missing or other than its digest says.
 */
export async function copyImage(
  source: ImageSource,
  root: Descriptor,
  target: Repository,
  context: CopyContext,
): Promise<void> {
  const { client } = context
  const { registry, repository } = target
  if (source.repository && formatRepository(source.repository) === formatRepository(target)) return
  // A registry takes no manifest whose content it lacks, so one that it has is whole there.
  if (await client.headManifest({ registry, repository, digest: root.digest }, { push: true })) return
  const bytes = await source.document(root)
  if (!bytes) throw missingBlob(source.name, root.digest)
  const manifest = parseManifest(bytes, root.mediaType, `${source.name}@${root.digest}`)
  if (manifest.kind === 'index') {
    for (const entry of imagesFirst(manifest.manifests)) await copyImage(source, entry, target, context)
  } else {
    const blobs = [manifest.config, ...manifest.layers]
    const distinct = new Map(blobs.map(blob => [blob.digest, blob])).values()
    await mapLimit([...distinct], parallel, blob => copyBlob(source, blob, target, context))
  }
  await client.putManifest({ registry, repository }, { mediaType: root.mediaType, bytes })
}

/** What an index names, nested indexes last. */
function imagesFirst(entries: readonly Descriptor[]): Descriptor[] {
  const rank = (entry: Descriptor) => (isIndex(entry) ? 2 : isAttestation(entry) ? 1 : 0)
  return entries.toSorted((a, b) => rank(a) - rank(b))
}

async function copyBlob(
  source: ImageSource,
  blob: Descriptor,
  target: Repository,
  { client, onProgress, onUpload }: CopyContext,
): Promise<void> {
  if (await client.headBlob(target, blob.digest)) return
  // A registry takes over what another of its repositories has.
  const home = source.repository
  if (home?.registry === target.registry && (await client.mountBlob(target, blob.digest, home.repository)))
    return
  onProgress?.(`pushing ${describeBytes(blob.size)} to ${formatRepository(target)}`)
  await client.uploadBlob(target, blob, () => source.blob(blob))
  onUpload?.(blob.digest)
}
