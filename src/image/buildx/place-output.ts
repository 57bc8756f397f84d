import { mkdir, readdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Descriptor } from '../../oci/manifest.ts'
import { appendFile, writeAtomically, writeFailure } from '../../util/atomic.ts'
import { destinationFile } from '../../util/destination-file.ts'
import { intoLayout, markLayout } from '../layout/folder.ts'
import { replaceIndex } from '../layout/index-json.ts'

/**
 * Gives an archive that was written elsewhere its name, replacing what is there. It appears whole, by a rename, also
 * where it has to be copied from another file system first. A link is followed, and a device or a FIFO is written into.
 * @throws {Failure} image, when the file system refuses.
 */
export async function placeArchive(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true })
    const { path, openThrough } = await destinationFile(to)
    if (!openThrough && (await renamed(from, path))) return
    const { size } = await stat(from)
    await writeAtomically(to, handle => appendFile(handle, from, size, undefined))
  } catch (error) {
    throw writeFailure(error, to)
  }
}

/**
 * Gives an OCI layout that was written elsewhere its name. Into a folder that is a layout already, blobs are added first
 * and `index.json` is replaced last; images of other names stay. The index names the image once for each tag, which
 * that of buildx 0.13 does not.
 * @throws {Failure} usage, when the folder holds something else; image, when the file system refuses.
 */
export async function placeLayout(
  from: string,
  to: string,
  descriptor: Descriptor,
  tags: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await intoLayout(to, (folder, filled = from) => fillLayout(filled, folder, descriptor, tags, signal))
}

async function fillLayout(
  from: string,
  to: string,
  descriptor: Descriptor,
  tags: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const blobs = 'blobs/sha256'
  await markLayout(to)
  await mkdir(join(to, blobs), { recursive: true })
  for (const name of await readdir(join(from, blobs))) {
    await placeArchive(join(from, blobs, name), join(to, blobs, name))
  }
  const { mediaType, digest, size } = descriptor
  const content = { index: { descriptor: { mediaType, digest, size } }, descriptorAnnotations: {} }
  await replaceIndex(to, content, tags, signal)
}

/** Renames, or says that it cannot because the two places are on different file systems. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') return false
    throw error
  }
}
