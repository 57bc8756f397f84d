import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { formatReference, parseReference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import { appendFile, makeFolder, writeAll, writeAtomically } from '../../util/atomic.ts'
import { sweep } from '../../util/leftovers.ts'
import { blobPath, layoutMarker } from '../layout/folder.ts'
import { layoutIndex } from '../layout/index-json.ts'
import { tarEnd, tarHeader, tarPadding } from '../tar.ts'
import { documentsOf, type ImageContent, layersOf } from './content.ts'

/** What one archive needs besides the image. */
export interface ArchiveOptions {
  readonly tags: readonly string[]
  /** Seconds since 1970, of every file of the archive. */
  readonly epoch: number
  /** Adds the `manifest.json` by which `docker load` on the classic image store finds this platform's image. */
  readonly dockerPlatform?: Platform | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes an image as an OCI archive: a tar of its layout, in an order of its own, so that equal images give equal
 * bytes. It appears under its name whole or not at all; what is no regular file is written into.
 * @throws {Failure} image, when the file system refuses; interrupted.
 */
export async function writeArchive(
  path: string,
  content: ImageContent,
  options: ArchiveOptions,
): Promise<void> {
  const { tags, epoch, dockerPlatform, signal } = options
  const layers = await Promise.all(
    layersOf(content).map(async ({ descriptor, file }) => ({ descriptor, path: await file(signal) })),
  )
  const head = { uid: 0, gid: 0, mtime: epoch }
  const directory = (name: string) => tarHeader({ ...head, name, type: 'directory', mode: 0o755, size: 0 })
  const addFile = async (
    handle: FileHandle,
    name: string,
    content: Buffer | { path: string; size: number },
  ) => {
    const size = Buffer.isBuffer(content) ? content.length : content.size
    await writeAll(handle, tarHeader({ ...head, name, type: 'file', mode: 0o644, size }))
    if (Buffer.isBuffer(content)) await writeAll(handle, content)
    else await appendFile(handle, content.path, size, signal)
    await writeAll(handle, tarPadding(size))
  }
  await makeFolder(dirname(path))
  await sweep(dirname(path))
  await writeAtomically(path, async handle => {
    await addFile(handle, 'oci-layout', layoutMarker)
    await addFile(handle, 'index.json', layoutIndex(content, tags))
    if (dockerPlatform) await addFile(handle, 'manifest.json', dockerManifest(content, tags, dockerPlatform))
    await writeAll(handle, Buffer.concat([directory('blobs/'), directory('blobs/sha256/')]))
    for (const { descriptor, bytes } of documentsOf(content))
      await addFile(handle, blobPath(descriptor), bytes)
    for (const { descriptor, path } of layers) {
      await addFile(handle, blobPath(descriptor), { path, size: descriptor.size })
    }
    await writeAll(handle, tarEnd())
  })
}

/** The `manifest.json` of Docker's image format (moby image/spec v1.2), for one platform. */
function dockerManifest(content: ImageContent, tags: readonly string[], platform: Platform): Buffer {
  const image = content.images.find(one => one.platform === platform)
  if (!image) throw new Error(`no image for ${platform.id}`)
  return Buffer.from(
    JSON.stringify([
      {
        Config: blobPath(image.config.descriptor),
        RepoTags: tags.map(tag => formatReference(parseReference(tag))),
        Layers: image.layers.map(({ descriptor }) => blobPath(descriptor)),
      },
    ]),
  )
}
