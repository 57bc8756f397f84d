import * as v from 'valibot'
import { Failure } from '../../errors.ts'
import { checkStream, digestOf } from '../../oci/digest.ts'
import { type Descriptor, mediaTypes } from '../../oci/manifest.ts'
import { hashStream } from '../../util/hash-stream.ts'
import { bounds, tooMuch } from './bounds.ts'
import type { ImageSource } from './image-source.ts'
import { type LayoutFiles, missingBlob, readSmall } from './layout-files.ts'

const manifestSchema = v.array(
  v.object({
    Config: v.string(),
    RepoTags: v.nullish(v.array(v.string()), []),
    Layers: v.nullish(v.array(v.string()), []),
  }),
)

/**
 * The image of an archive by `docker save` before Docker 25 (moby image/tarexport): manifest.json names a config and
 * layers by path. It has no manifest and no digests, so both are made here; undefined where there is no manifest.json.
 * @throws {Failure} usage, when it holds several images and none, or an unknown one, was chosen.
 */
export async function readDockerArchive(
  files: LayoutFiles,
  name: string,
  chosen: string | undefined,
): Promise<ImageSource | undefined> {
  const bytes = await readSmall(files, 'manifest.json', name)
  if (!bytes) return undefined
  const images = parse(bytes, `${name}/manifest.json`)
  const candidates = images.filter(image => chosen === undefined || image.RepoTags.includes(chosen))
  const [image] = candidates
  if (!image || candidates.length > 1) {
    throw new Failure({
      kind: 'usage',
      what: image
        ? `${name} holds several images`
        : `${name} holds no image${chosen ? ` named ${chosen}` : ''}`,
      why: `it has ${images.flatMap(({ RepoTags }) => RepoTags).join(', ') || 'none with a name'}`,
    })
  }

  if (image.Layers.length > bounds.layers) throw tooMuch(`more than ${bounds.layers} layers`, name)
  const paths = new Map<string, string>()
  const described = new Map<string, Descriptor>()
  const describe = async (path: string, mediaType: string): Promise<Descriptor> => {
    const known = described.get(path)
    if (known) return known
    const file = await files.find(path)
    if (!file) throw missingBlob(name, path)
    const digest = `sha256:${await hashStream(file.read())}`
    paths.set(digest, path)
    const descriptor = { mediaType, digest, size: file.size }
    described.set(path, descriptor)
    return descriptor
  }
  const config = await describe(image.Config, mediaTypes.dockerConfig)
  const layers: Descriptor[] = []
  for (const path of image.Layers) layers.push(await describe(path, mediaTypes.layer))
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers }),
  )
  const root = { mediaType: mediaTypes.manifest, digest: digestOf(manifest), size: manifest.length }

  return {
    name,
    root: async () => root,
    async document({ digest }) {
      if (digest === root.digest) return manifest
      const path = paths.get(digest)
      return path === undefined ? undefined : readSmall(files, path, name)
    },
    async *blob(descriptor) {
      const path = paths.get(descriptor.digest)
      const file = path === undefined ? undefined : await files.find(path)
      if (!file) throw missingBlob(name, descriptor.digest)
      yield* checkStream(file.read(), descriptor, `${name}/${path}`)
    },
    close: () => files.close(),
  }
}

function parse(bytes: Uint8Array, where: string) {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString())
  } catch {
    // said below
  }
  const result = v.safeParse(manifestSchema, value)
  if (result.success) return result.output
  throw new Failure({
    kind: 'verification',
    what: 'Malformed image metadata',
    where,
    why: 'it is not the manifest.json of docker save',
  })
}
