import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import { parseReference } from '../../oci/reference.ts'
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from '../../registry/client.ts'
import type { ImageSource } from './image-source.ts'
import type { LayoutFiles } from './layout-files.ts'

/**
 * Opens the image that a person names: a reference, or the path of an OCI layout folder, an OCI archive, or an archive
 * of `docker save`. A text that could be both is a path where there is such a file. `oci:PATH[:NAME]` is always a path;
 * NAME chooses among several images of one layout.
 * @param registries a client, which stays open, or the options of one that the source closes
 * @throws {Failure} usage, when it is neither; registry.
 */
export async function openImage(
  text: string,
  registries: RegistryClientOptions | RegistryClient = {},
): Promise<ImageSource> {
  const place = await findPlace(text)
  if (place) {
    const { layoutSource } = await import('./layout-source.ts')
    const files = await place.open()
    try {
      return await layoutSource(files, place.path, place.chosen)
    } catch (error) {
      await files.close()
      throw error
    }
  }
  const reference = parseReference(text)
  const { registrySource } = await import('./registry-source.ts')
  if ('getManifest' in registries) return registrySource(registries, reference)
  const client = createRegistryClient(registries)
  return { ...registrySource(client, reference), close: () => client.close() }
}

interface Place {
  readonly path: string
  readonly chosen?: string
  open(): Promise<LayoutFiles>
}

/** The file or folder that a text names, unless it names an image in a registry. */
async function findPlace(text: string): Promise<Place | undefined> {
  const forced = text.startsWith('oci:')
  const path = forced ? text.slice('oci:'.length) : text
  const isPath = forced || /^[./~]|\.tar(\.\w+)?$|\.tgz$/.test(path)
  const place = await layoutAt(path, isPath)
  if (place || !isPath) return place
  // The name may hold colons itself, as a whole reference does.
  for (let colon = path.indexOf(':'); forced && colon > 0; colon = path.indexOf(':', colon + 1)) {
    const named = await layoutAt(path.slice(0, colon), true)
    if (named) return { ...named, chosen: path.slice(colon + 1) }
  }
  throw new Failure({
    kind: 'usage',
    what: `${JSON.stringify(path)} is no image`,
    why: await whyNone(path),
    fix: 'name an OCI layout folder, an OCI archive, or an image in a registry',
  })
}

/** @param mayBeArchive whether any file is taken for an archive; a reference such as `app` may be a file's name too */
async function layoutAt(path: string, mayBeArchive: boolean): Promise<Place | undefined> {
  const { archiveFiles, folderFiles } = await import('./layout-files.ts')
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() && mayBeArchive) return { path, open: () => archiveFiles(path) }
  const isLayout = found?.isDirectory() && (await exists(join(path, 'index.json')))
  return isLayout ? { path, open: async () => folderFiles(path) } : undefined
}

async function whyNone(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return 'there is no such file or folder'
  // A shell's <(…) is one: an archive is read in several places, and a FIFO has one.
  return found.isDirectory() ? 'it has no index.json' : 'it is no regular file'
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
