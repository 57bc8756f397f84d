import { readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../errors.ts'
import { type Descriptor, mediaTypes, parseJson } from '../../oci/manifest.ts'
import { formatReference, parseReference } from '../../oci/reference.ts'
import {
  appendFile,
  isTemporary,
  makeFolder,
  renameFolder,
  temporaryName,
  writeAll,
  writeAtomically,
  writeFailure,
} from '../../util/atomic.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { withLock } from '../../util/with-lock.ts'
import { isWhole } from './cache.ts'
import { documentsOf, type ImageContent, layersOf } from './content.ts'

/** Blobs that are written at one time, so that they wait for the disk together. */
const parallel = 4

/** The content of the file `oci-layout` (image-spec image-layout.md). */
export const layoutMarker = Buffer.from('{"imageLayoutVersion":"1.0.0"}')

/** The path of a blob in a layout. */
export function blobPath({ digest }: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`
}

/**
 * The `index.json` of a layout that holds an image under its tags, or under no name where it has none. The annotations
 * are those that BuildKit sets and containerd, skopeo and podman read.
 * @param others entries of other images in the same layout
 */
export function layoutIndex(
  content: Pick<ImageContent, 'descriptorAnnotations'> & { index: Pick<ImageContent['index'], 'descriptor'> },
  tags: readonly string[],
  others: readonly object[] = [],
): Buffer {
  const describe = (name: Record<string, string>) => ({
    ...content.index.descriptor,
    annotations: { ...name, ...content.descriptorAnnotations },
  })
  const named = tags.map(tag => {
    const reference = parseReference(tag)
    return describe({
      'io.containerd.image.name': formatReference(reference),
      ...(reference.tag && { 'org.opencontainers.image.ref.name': reference.tag }),
    })
  })
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [...others, ...(named.length > 0 ? named : [describe({})])],
    }),
  )
}

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
    if (await isLayout(path)) return await fill(path)
    await makeFolder(dirname(path))
    const temporary = temporaryName(path)
    try {
      await fill(temporary)
      if (!(await renameFolder(temporary, path))) await fill(path, temporary)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
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
  await replaceIndex(folder, content, tags)
}

/** Makes a folder a layout before it gets any content: one that was empty is known for one where the rest is cut short. */
export async function markLayout(folder: string): Promise<void> {
  await makeFolder(folder)
  await writeAtomically(join(folder, 'oci-layout'), handle => writeAll(handle, layoutMarker))
}

/** Names an image in the `index.json` of a layout that holds its content already; what other builds name there stays. */
export async function replaceIndex(
  folder: string,
  content: Parameters<typeof layoutIndex>[0],
  tags: readonly string[],
): Promise<void> {
  const path = join(folder, 'index.json')
  await withLock(path, async () => {
    const index = layoutIndex(content, tags, await otherImages(path, tags))
    await writeAtomically(path, handle => writeAll(handle, index))
  })
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

/** The entries of an existing `index.json` that stay: those under other names, whoever gave them. */
async function otherImages(path: string, tags: readonly string[]): Promise<object[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!bytes) return []
  const { manifests } = parseJson(bytes, path)
  const replaced = new Set<string | undefined>(tags.map(tag => formatReference(parseReference(tag))))
  const entries = (Array.isArray(manifests) ? manifests : []) as Descriptor[]
  return entries.filter(({ annotations = {} }) => {
    const name = annotations['io.containerd.image.name']
    // skopeo and umoci write the tag alone.
    const isNamed = name !== undefined || annotations['org.opencontainers.image.ref.name'] !== undefined
    return tags.length > 0 ? !replaced.has(name) : isNamed
  })
}
