import { join } from 'node:path'
import { appendFile, makeFolder, writeAll, writeAtomically } from '../../util/atomic.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { isWhole } from '../cache.ts'
import { blobPath, intoLayout, markLayout } from '../layout/folder.ts'
import { replaceIndex } from '../layout/index-json.ts'
import { documentsOf, type ImageContent, layersOf } from './content.ts'

/** Blobs that are written at one time, so that they wait for the disk together. */
const parallel = 4

/**
 * Writes an image into an OCI layout folder. A new folder appears whole, by a rename. Into one that is a layout
 * already, blobs are added first and `index.json` is replaced last, so that it never names what is not there; images
 * of other names stay.
 * @throws {Failure} usage, when the folder holds something else; image, when the file system refuses.
 */
export async function writeLayout(
  path: string,
  content: ImageContent,
  tags: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await intoLayout(path, folder => fillLayout(folder, content, tags, signal))
}

async function fillLayout(
  folder: string,
  content: ImageContent,
  tags: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await markLayout(folder)
  await makeFolder(join(folder, 'blobs/sha256'))
  await mapLimit(layersOf(content), parallel, async ({ descriptor, file }) => {
    const target = join(folder, blobPath(descriptor))
    if (await isWhole(target, descriptor.digest, descriptor.size)) return
    const source = await file(signal)
    await writeAtomically(target, handle => appendFile(handle, source, descriptor.size, signal))
  })
  await mapLimit(documentsOf(content), parallel, ({ descriptor, bytes }) =>
    writeAtomically(join(folder, blobPath(descriptor)), handle => writeAll(handle, bytes)),
  )
  await replaceIndex(folder, content, tags, signal)
}
