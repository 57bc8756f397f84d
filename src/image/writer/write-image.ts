import { interrupted } from '../../errors.ts'
import { isLocalBase } from '../../oci/local-base.ts'
import { parseReference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import { createRegistryClient, type RegistryClient } from '../../registry/client.ts'
import type { BaseChoice, ImageFile, ImageSpec } from '../../types.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { type BlobCache, openCache } from '../cache.ts'
import { aroundLayer, filesLayer, isPerPlatform, programLayer } from '../layers.ts'
import type { ImageSource } from '../read/image-source.ts'
import { registrySource } from '../read/registry-source.ts'
import { openImage } from '../read/source.ts'
import type { HostFile, LayerEntry } from '../tar-stream.ts'
import { checkTargets } from '../targets.ts'
import { writeArchive } from './archive.ts'
import { type Base, type BaseImage, builtinBase, type LayerBlob, layerBlob, scratchBase } from './base.ts'
import { unaskedSource } from './cached-base.ts'
import { type Compression, type Compressor, getCompressor } from './compress.ts'
import { type ImageContent, imageContent } from './content.ts'
import { layersAtOnce, makeLayer } from './layer.ts'
import { writeLayout } from './layout.ts'
import { pushImage } from './push.ts'
import { openSourceBase } from './source-base.ts'

/** Where the in-process backend can put an image. Paths are absolute. */
export type OciOutput =
  | { readonly type: 'archive'; readonly path: string }
  /** An OCI archive that `docker load` on the classic store takes too, which then loads this one platform. */
  | { readonly type: 'docker-archive'; readonly path: string; readonly platform: Platform }
  | { readonly type: 'layout'; readonly path: string }
  /** By digest: no tag is moved. */
  | { readonly type: 'push'; readonly references: readonly string[]; readonly byDigest?: boolean }

/** What an image is made of besides its spec. */
export interface OciInputs {
  /** The file on the host that a file of a platform's own is made of; its own sha256 saves reading it again. */
  readonly file: (file: ImageFile, platform: Platform) => HostFile
  /** The project's folder, which a link among its files may not leave. */
  readonly root: string
  readonly outputs: readonly OciOutput[]
  readonly compression: Compression
  /** Whether only the cache is asked for the base. */
  readonly offline?: boolean | undefined
  /** What other base would serve, in the words of --base: named when the base is not available. */
  readonly otherBases?: string | undefined
  /** Is told the platform of the base's image that is taken for a platform, and may refuse it. */
  readonly onBase?: ((platform: Platform, held: string) => void) | undefined
  /** The client of the caller, which stays open. */
  readonly registries?: RegistryClient | undefined
  /** The cache folder; by default the user's. */
  readonly cacheFolder?: string | undefined
  readonly signal?: AbortSignal | undefined
  /**
   * Takes what moves the tags of a push, to be called once the image is known to be right; without it they are moved at
   * once. Needs `registries`.
   */
  readonly deferTags?: ((moveTags: () => Promise<void>) => void) | undefined
  /** Is told the digest of each blob that a push finds missing in the registry. */
  readonly onUpload?: ((digest: string) => void) | undefined
  /** What is being done, in a few words. */
  readonly onProgress?: ((detail: string) => void) | undefined
  /** What a person should know afterwards. */
  readonly onRemark?: ((text: string) => void) | undefined
}

/** An image that was made. */
export interface OciImage {
  readonly indexDigest: string
  /** Of the base's index or manifest; absent for scratch and builtin. */
  readonly baseDigest?: string
  readonly platforms: readonly OciPlatformImage[]
  /** Library, version and level. */
  readonly compressor: string
}

/** One platform's part of it. */
export interface OciPlatformImage {
  readonly platform: Platform
  readonly manifestDigest: string
  readonly configDigest: string
  readonly layers: readonly { readonly digest: string; readonly diffId: string; readonly size: number }[]
  /** The one of the layers that holds the programs; absent where the spec has none. */
  readonly packed?: { readonly digest: string; readonly diffId: string }
  /** Bytes: config and compressed layers. */
  readonly size: number
}

/**
 * Makes an image without a daemon and writes it to each output. The same spec and files give the same bytes.
 * @throws {Failure} usage, for what no image can hold; image; registry; verification; interrupted.
 */
export async function buildOciImage(spec: ImageSpec, inputs: OciInputs): Promise<OciImage> {
  const { signal, onRemark = () => {} } = inputs
  const compressor = getCompressor(inputs.compression)
  const cache = await openCache(inputs.cacheFolder ?? cacheFolder(), onRemark)
  const client = inputs.registries ?? createRegistryClient({ signal })
  const tools: Tools = { cache, client, compressor, onRemark, opened: [] }
  try {
    const content = await assemble(spec, inputs, tools)
    for (const output of pushesLast(inputs.outputs)) {
      if (signal?.aborted) throw interrupted()
      await write(output, content, spec, inputs, client)
    }
    return describe(content, compressor)
  } finally {
    for (const source of tools.opened) await source.close()
    if (client !== inputs.registries) await client.close()
    await cache.close()
  }
}

/** A file that cannot be written then ends the build before a tag has moved. */
function pushesLast(outputs: readonly OciOutput[]): OciOutput[] {
  const isPush = ({ type }: OciOutput) => type === 'push'
  return [...outputs.filter(output => !isPush(output)), ...outputs.filter(isPush)]
}

/** What the parts of a build share. */
interface Tools {
  readonly cache: BlobCache
  readonly client: RegistryClient
  readonly compressor: Compressor
  readonly onRemark: (text: string) => void
  /** What is to be closed at the end. */
  readonly opened: ImageSource[]
}

async function openBase(
  { reference, digest }: BaseChoice,
  { cache, client, compressor, onRemark, opened }: Tools,
  { signal, otherBases, offline }: OciInputs,
): Promise<Base> {
  if (reference === 'scratch') return scratchBase
  if (reference === 'builtin') return builtinBase(compressor, cache, signal)
  if (isLocalBase(reference)) {
    const source = await openImage(reference)
    opened.push(source)
    return openSourceBase(source, { cache, remark: onRemark, otherBases })
  }
  const parsed = { ...parseReference(reference), ...(digest !== undefined && { digest }) }
  const source = offline ? unaskedSource(parsed) : registrySource(client, parsed)
  const reading = { cache, reference: parsed, remark: onRemark, otherBases, unasked: offline }
  return openSourceBase(source, reading)
}

/** Makes the layers while the base is fetched. */
async function assemble(spec: ImageSpec, inputs: OciInputs, tools: Tools): Promise<ImageContent> {
  const { root, file, signal, onProgress } = inputs
  checkTargets(spec)
  const fetching = fetchBase(spec, inputs, tools)
  fetching.catch(() => {}) // thrown below
  const make = async (entries: readonly LayerEntry[], createdBy: string) => {
    if (entries.length === 0) return undefined
    const layer = await makeLayer(entries, tools.compressor, tools.cache, signal)
    return layerBlob(layer, createdBy)
  }
  const names = spec.files.filter(isPerPlatform).map(({ target }) => target)
  const [shared, around, own] = await Promise.all([
    filesLayer(spec, root).then(entries => make(entries, 'files and folders')),
    make(aroundLayer(spec), 'owners of folders'),
    mapLimit(spec.platforms, layersAtOnce, async platform => {
      if (signal?.aborted) throw interrupted()
      onProgress?.(`packing ${platform.id}`)
      return make(programLayer(spec, platform, file), names.join(' '))
    }),
  ])
  onProgress?.('fetching the base')
  const { base, images } = await fetching
  const parts = spec.platforms.map((platform, number) => ({
    platform,
    base: images[number] as BaseImage,
    added: [shared, own[number], around].filter(isLayer),
    programs: own[number],
  }))
  return imageContent(spec, base, parts)
}

/** The base's images, and their layers where they will be written to a file; a registry may have them already. */
async function fetchBase({ base: choice, platforms }: ImageSpec, inputs: OciInputs, tools: Tools) {
  const { outputs, signal, onBase } = inputs
  const base = await openBase(choice, tools, inputs)
  const images = await Promise.all(platforms.map(platform => base.image(platform)))
  for (const [number, platform] of platforms.entries()) {
    const held = images[number]?.platform
    if (held !== undefined) onBase?.(platform, held)
  }
  if (outputs.some(({ type }) => type !== 'push')) {
    const layers = images.flatMap(({ layers }) => layers)
    await mapLimit(layers, 6, layer => layer.file(signal))
  }
  return { base, images }
}

const isLayer = (layer: LayerBlob | undefined): layer is LayerBlob => layer !== undefined

async function write(
  output: OciOutput,
  content: ImageContent,
  { tags, epoch }: ImageSpec,
  { signal, onProgress, onUpload, deferTags }: OciInputs,
  client: RegistryClient,
): Promise<void> {
  if (output.type === 'push') {
    const moveTags = await pushImage(output.references, content, { client, signal, onProgress, onUpload })
    if (output.byDigest) return
    return deferTags ? deferTags(moveTags) : moveTags()
  }
  onProgress?.(`writing ${output.path}`)
  if (output.type === 'layout') return writeLayout(output.path, content, tags, signal)
  const dockerPlatform = output.type === 'docker-archive' ? output.platform : undefined
  return writeArchive(output.path, content, { tags, epoch, dockerPlatform, signal })
}

function describe({ index, images, baseDigest }: ImageContent, compressor: Compressor): OciImage {
  return {
    indexDigest: index.descriptor.digest,
    ...(baseDigest !== undefined && { baseDigest }),
    compressor: compressor.id,
    platforms: images.map(({ platform, manifest, config, layers, programs }) => ({
      platform,
      manifestDigest: manifest.descriptor.digest,
      configDigest: config.descriptor.digest,
      layers: layers.map(({ descriptor: { digest, size }, diffId }) => ({ digest, diffId, size })),
      ...(programs && { packed: { digest: programs.descriptor.digest, diffId: programs.diffId } }),
      size: [config, ...layers].reduce((total, { descriptor }) => total + descriptor.size, 0),
    })),
  }
}
