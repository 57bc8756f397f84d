import { Failure } from '../../errors.ts'
import { checkBytes, checkStream, digestOf } from '../../oci/digest.ts'
import { type Descriptor, mediaTypes, parseJson, parseManifest } from '../../oci/manifest.ts'
import { readDockerArchive } from './docker-archive.ts'
import type { ImageSource } from './image-source.ts'
import { type LayoutFiles, missingBlob, readSmall } from './layout-files.ts'

/**
 * The image of an OCI layout (image-spec image-layout.md), or of what `docker save` of old wrote.
 * @param name the place, for people
 * @param chosen which image, by tag, reference or digest, where there are several
 * @throws {Failure} usage, when it is neither.
 */
export async function layoutSource(files: LayoutFiles, name: string, chosen?: string): Promise<ImageSource> {
  if (await files.find('index.json')) return ociSource(files, name, chosen)
  const legacy = await readDockerArchive(files, name, chosen)
  if (legacy) return legacy
  throw new Failure({
    kind: 'usage',
    what: `${name} holds no image`,
    why: 'it has neither an index.json (OCI layout) nor a manifest.json (docker save)',
    fix: 'name an OCI layout folder, an OCI archive, or an image in a registry',
  })
}

async function ociSource(files: LayoutFiles, name: string, chosen: string | undefined): Promise<ImageSource> {
  await checkVersion(files, name)
  const indexBytes = (await readSmall(files, 'index.json', name)) as Buffer
  const index = {
    mediaType: mediaTypes.index,
    digest: digestOf(indexBytes),
    size: indexBytes.length,
  } satisfies Descriptor
  const pathOf = ({ digest }: Descriptor) => `blobs/${digest.replace(':', '/')}`
  return {
    name,
    async root() {
      const parsed = parseManifest(indexBytes, mediaTypes.index, `${name}/index.json`)
      return parsed.kind === 'index' ? chooseRoot(parsed.manifests, index, name, chosen) : index
    },
    async document(descriptor) {
      if (descriptor.digest === index.digest) return indexBytes
      const bytes = await readSmall(files, pathOf(descriptor), name)
      if (bytes) checkBytes(bytes, descriptor.digest, `${name}/${pathOf(descriptor)}`)
      return bytes
    },
    async *blob(descriptor) {
      const path = pathOf(descriptor)
      const file = await files.find(path)
      if (!file) throw missingBlob(name, descriptor.digest)
      yield* checkStream(file.read(), descriptor, `${name}/${path}`)
    },
    close: () => files.close(),
  }
}

async function checkVersion(files: LayoutFiles, name: string): Promise<void> {
  const bytes = await readSmall(files, 'oci-layout', name)
  if (!bytes) return
  const { imageLayoutVersion } = parseJson(bytes, `${name}/oci-layout`)
  if (imageLayoutVersion === '1.0.0') return
  throw new Failure({
    kind: 'verification',
    what: 'Unknown version of an OCI layout',
    where: `${name}/oci-layout`,
    why: `it says ${JSON.stringify(imageLayoutVersion)?.slice(0, 40)}, and 1.0.0 is the only one there is`,
  })
}

/** The image that is meant: the chosen one, the only one, or all entries together where each is a platform of it. */
function chooseRoot(
  entries: readonly Descriptor[],
  index: Descriptor,
  name: string,
  chosen: string | undefined,
): Descriptor {
  const candidates = entries.filter(
    entry => chosen === undefined || chosen === entry.digest || namesOf(entry).includes(chosen),
  )
  const [root, ...others] = new Map(candidates.map(entry => [entry.digest, entry])).values()
  if (root && others.length === 0) return root
  const isOneImage = [...candidates].every(
    ({ platform, ...entry }) => platform && namesOf(entry).length === 0,
  )
  if (root && isOneImage && chosen === undefined) return index
  const names = [...new Set(entries.flatMap(namesOf))]
  throw new Failure({
    kind: 'usage',
    what: root ? `${name} holds several images` : `${name} holds no image${chosen ? ` named ${chosen}` : ''}`,
    why: names.length > 0 ? `it has ${names.join(', ')}` : undefined,
    fix: names[0] === undefined ? undefined : `oci:${name}:${names.at(-1)}`,
  })
}

/** The names of an entry of index.json: its tag, and its whole reference as containerd writes it. */
function namesOf({ annotations = {} }: Pick<Descriptor, 'annotations'>): string[] {
  return ['org.opencontainers.image.ref.name', 'io.containerd.image.name']
    .map(key => annotations[key])
    .filter(value => value !== undefined)
}
