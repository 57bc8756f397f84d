import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Descriptor } from '../../oci/manifest.ts'
import { makeFolder, renameFolder, writeAll, writeAtomically, writeFailure } from '../../util/atomic.ts'
import { isTemporary, removeAtExit, sweep, temporaryName } from '../../util/leftovers.ts'

/** The content of the file `oci-layout` (image-spec image-layout.md). */
export const layoutMarker = Buffer.from('{"imageLayoutVersion":"1.0.0"}')

/** The path of a blob in a layout. */
export function blobPath({ digest }: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`
}

/**
 * Lets `fill` write into a layout folder: into the one that is there, or into a new one that gets its name when it is
 * whole. Where another build has made it in the meantime, `fill` adds to that one.
 * @param fill is given the new folder as `filled` when it has been filled already
 * @throws {Failure} usage, when the folder holds something else; image, when the file system refuses.
 */
export async function intoLayout(
  path: string,
  fill: (folder: string, filled?: string) => Promise<void>,
): Promise<void> {
  try {
    for (const folder of [dirname(path), path, join(path, 'blobs/sha256')]) await sweep(folder)
    if (await isLayout(path)) return await fill(path)
    await makeFolder(dirname(path))
    const temporary = temporaryName(path)
    const { forget } = removeAtExit(temporary)
    try {
      await fill(temporary)
      if (!(await renameFolder(temporary, path))) await fill(path, temporary)
    } finally {
      await rm(temporary, { recursive: true, force: true })
      forget()
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
}

/** Makes a folder a layout before it gets any content: one that was empty is known for one where the rest is cut short. */
export async function markLayout(folder: string): Promise<void> {
  await makeFolder(folder)
  await writeAtomically(join(folder, 'oci-layout'), handle => writeAll(handle, layoutMarker))
}

/** Whether a folder is there that a layout can be written into: one, or an empty folder. */
async function isLayout(path: string): Promise<boolean> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!names) return false
  if (names.every(isTemporary) || names.includes('oci-layout')) return true
  throw new Failure({
    kind: 'usage',
    what: 'The folder for the OCI layout holds other files',
    where: path,
    why: 'an image is written into a new folder, an empty one, or an OCI layout',
    fix: 'choose another folder, or a path that ends in .tar for an archive',
  })
}
