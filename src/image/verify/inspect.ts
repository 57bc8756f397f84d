import { Failure } from '../../errors.ts'
import {
  type ConfigFile,
  type Descriptor,
  flattenIndex,
  type ImageIndex,
  type ImageManifest,
  isAttestation,
  isRunnable,
  parseConfig,
  parseManifest,
  platformId,
} from '../../oci/manifest.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { type Budget, bounds, createBudget } from '../read/bounds.ts'
import type { ImageSource } from '../read/image-source.ts'

/** An image by its metadata: what its index, manifests and configs say. */
export interface ImageStructure {
  /** Of the index, or of the manifest where there is no index. */
  readonly digest: string
  readonly annotations: Readonly<Record<string, string>>
  /** In the order of the index; attestations are not among them. */
  readonly platforms: readonly InspectedImage[]
  /** How many entries of the index are provenance or SBOMs. */
  readonly attestations: number
  /** What is wrong with the index itself. */
  readonly problems: readonly string[]
  readonly remarks: readonly string[]
}

/** The image of one platform. Without manifest and config it could not be read, and the problems say why. */
export interface InspectedImage {
  /** The platform that the index describes; where it describes none, the one that the config names. */
  readonly platform: string
  readonly digest: string
  readonly manifest?: ImageManifest
  readonly config?: ConfigFile
  readonly problems: readonly string[]
}

/** Requests for metadata that are under way at once. */
const parallel = 4

/**
 * Reads the metadata of an image, every entry of its index. What is wrong with an entry is a problem of that entry.
 * @throws {Failure} registry, when the registry fails; verification, when the index itself cannot be read.
 */
export async function inspectImage(
  whole: ImageSource,
  budget: Budget = createBudget(),
): Promise<ImageStructure> {
  const source = metered(whole, budget)
  const root = await source.root()
  const top = await readManifest(source, root)
  const problems: string[] = []
  const remarks: string[] = []
  if (top.kind === 'image') {
    const image = await readImage(source, root, top)
    if (image)
      return { digest: root.digest, annotations: {}, platforms: [image], attestations: 0, problems, remarks }
    problems.push(`it is an artifact that cannot run: its config is ${top.config.mediaType}`)
    return {
      digest: root.digest,
      annotations: top.annotations,
      platforms: [],
      attestations: 0,
      problems,
      remarks,
    }
  }

  const load = async (entry: Descriptor): Promise<ImageIndex | undefined> => {
    const nested = await asProblem(() => readManifest(source, entry), problems)
    return nested?.kind === 'index' ? nested : undefined
  }
  const entries = await flattenIndex(top, load, `${source.name}@${root.digest}`)
  const images = await mapLimit(entries, parallel, entry => readEntry(source, entry, problems, remarks))
  return {
    digest: root.digest,
    annotations: top.annotations,
    platforms: images.filter(image => image !== undefined),
    attestations: entries.filter(isAttestation).length,
    problems,
    remarks,
  }
}

/**
 * Runs a check. What is wrong with the image goes to the problems; what hinders the check is thrown.
 * @returns undefined where there was a problem
 */
export async function asProblem<T>(check: () => Promise<T>, problems: string[]): Promise<T | undefined> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'verification') throw error
    problems.push([error.what, error.why].filter(Boolean).join(': '))
    return undefined
  }
}

/** Counts the documents that are read. */
function metered(source: ImageSource, budget: Budget): ImageSource {
  return {
    ...source,
    async document(descriptor) {
      const bytes = await source.document(descriptor)
      budget.document(bytes?.length ?? 0)
      return bytes
    },
  }
}

/** An entry of the index: a platform's image, or undefined for what never runs. */
async function readEntry(
  source: ImageSource,
  entry: Descriptor,
  indexProblems: string[],
  remarks: string[],
): Promise<InspectedImage | undefined> {
  const platform = platformId(entry.platform)
  const isImage = platform !== undefined || (entry.platform === undefined && !isAttestation(entry))
  const problems: string[] = []
  const manifest = await asProblem(() => readManifest(source, entry), problems)
  if (!isImage || isAttestation(entry)) {
    const name = isAttestation(entry) ? 'attestation' : 'entry for an unknown platform'
    indexProblems.push(...problems.map(problem => `${name} ${entry.digest}: ${problem}`))
    if (!isAttestation(entry)) remarks.push(`${name} ${entry.digest} was not counted`)
    return undefined
  }
  if (!manifest) return { platform: platform ?? 'unknown', digest: entry.digest, problems }
  if (manifest.kind === 'index') {
    problems.push('there is an index where an image was described')
    return { platform: platform ?? 'unknown', digest: entry.digest, problems }
  }
  const image = await readImage(source, entry, manifest)
  if (!image)
    remarks.push(`${entry.digest} is an artifact (${manifest.config.mediaType}) and was not counted`)
  return image
}

/** A manifest with its config; undefined for an artifact that cannot run. */
async function readImage(
  source: ImageSource,
  { digest, platform: described }: Descriptor,
  manifest: ImageManifest,
): Promise<InspectedImage | undefined> {
  if (!isRunnable(manifest)) return undefined
  const problems: string[] = []
  const config = await asProblem(async () => {
    const where = `${source.name}@${manifest.config.digest}`
    return parseConfig(await read(source, manifest.config, 'config'), where)
  }, problems)
  const asked = platformId(described)
  const named = platformId(config)
  if (config && asked !== undefined && named !== asked) {
    problems.push(`the index says that it is for ${asked}, its config is for ${named ?? 'no platform'}`)
  }
  if (manifest.layers.length > bounds.layers) problems.push(`it has more than ${bounds.layers} layers`)
  if (config && config.diffIds.length !== manifest.layers.length) {
    problems.push(
      `the manifest has ${manifest.layers.length} layers and the config ${config.diffIds.length} diff_ids`,
    )
  }
  const isReadable = manifest.layers.length <= bounds.layers
  return {
    platform: asked ?? named ?? 'unknown',
    digest,
    ...(isReadable && { manifest }),
    ...(config && { config }),
    problems,
  }
}

async function readManifest(
  source: ImageSource,
  descriptor: Descriptor,
): Promise<ImageIndex | ImageManifest> {
  const bytes = await read(source, descriptor, 'manifest')
  return parseManifest(bytes, descriptor.mediaType, `${source.name}@${descriptor.digest}`)
}

async function read(source: ImageSource, descriptor: Descriptor, what: string): Promise<Uint8Array> {
  const bytes = await source.document(descriptor)
  if (bytes?.length === descriptor.size) return bytes
  throw new Failure({
    kind: 'verification',
    what: bytes ? `The ${what} has another size than its descriptor says` : `The ${what} is missing`,
    where: source.name,
    why: bytes
      ? `${descriptor.digest} has ${bytes.length} bytes, not ${descriptor.size}`
      : `${descriptor.digest} is not there`,
    fix: 'push or write the image again; a registry may have cleaned up what has no tag',
  })
}
