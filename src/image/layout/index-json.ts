import { join } from 'node:path'
import { type Descriptor, mediaTypes, parseJson } from '../../oci/manifest.ts'
import { formatReference, parseReference } from '../../oci/reference.ts'
import { writeAll, writeAtomically } from '../../util/atomic.ts'
import { readBytes } from '../../util/read-file.ts'
import { withLock } from '../../util/with-lock.ts'

/** What `index.json` says of an image. */
export interface NamedContent {
  readonly index: { readonly descriptor: Descriptor }
  readonly descriptorAnnotations: Readonly<Record<string, string>>
}

/**
 * The `index.json` of a layout that holds an image under its tags, or under no name where it has none. The annotations
 * are those that BuildKit sets and containerd, skopeo and podman read.
 * @param others entries of other images in the same layout
 */
export function layoutIndex(
  content: NamedContent,
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

/** Names an image in the `index.json` of a layout that holds its content already; what other builds name there stays. */
export async function replaceIndex(
  folder: string,
  content: NamedContent,
  tags: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const path = join(folder, 'index.json')
  const replace = async () => {
    const index = layoutIndex(content, tags, await otherImages(path, tags))
    await writeAtomically(path, handle => writeAll(handle, index))
  }
  await withLock(path, replace, signal)
}

/** The entries of an existing `index.json` that stay: those under other names, whoever gave them. */
async function otherImages(path: string, tags: readonly string[]): Promise<object[]> {
  const bytes = await readBytes(path).catch((error: NodeJS.ErrnoException) => {
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
