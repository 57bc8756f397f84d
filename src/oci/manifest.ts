import * as v from 'valibot'
import { Failure } from '../errors.ts'
import { normalizePlatform } from '../util/normalize-platform.ts'
import { isDigest } from './reference.ts'

/** The media types of images: OCI image-spec media-types.md, and the Docker types that it calls compatible. */
export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const

const indexTypes: readonly string[] = [mediaTypes.index, mediaTypes.dockerIndex]
const imageTypes: readonly string[] = [mediaTypes.manifest, mediaTypes.dockerManifest]
const configTypes: readonly string[] = [mediaTypes.config, mediaTypes.dockerConfig]

/** What a registry may answer when it is asked for a manifest. */
export const manifestTypes: readonly string[] = [...indexTypes, ...imageTypes]

/** The most bytes of a manifest or config that are read: what distribution and containerd accept. */
export const maximumManifest = 4 * 1024 * 1024

/** A reference to content (image-spec descriptor.md). Every digest that was parsed is a well-formed one. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly platform?: DescribedPlatform | undefined
  readonly annotations?: Readonly<Record<string, string>>
}

/** A platform as a descriptor or a config names it, not normalised. */
export interface DescribedPlatform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | undefined
}

/** An image index or a Docker manifest list. */
export interface ImageIndex {
  readonly kind: 'index'
  readonly mediaType: string
  readonly manifests: readonly Descriptor[]
  readonly annotations: Readonly<Record<string, string>>
}

/** The manifest of one platform's image. */
export interface ImageManifest {
  readonly kind: 'image'
  readonly mediaType: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations: Readonly<Record<string, string>>
}

/** What is used of an image's config (image-spec config.md). */
export interface ConfigFile extends DescribedPlatform {
  readonly created?: string | undefined
  readonly config: {
    readonly User?: string | undefined
    readonly Entrypoint: readonly string[]
    readonly Cmd: readonly string[]
    readonly Env: readonly string[]
    readonly WorkingDir?: string | undefined
    readonly ExposedPorts: readonly string[]
    readonly Labels: Readonly<Record<string, string>>
  }
  readonly diffIds: readonly string[]
  readonly history: readonly Readonly<Record<string, unknown>>[]
}

// Go writes an empty list or map as null, so null stands for absent everywhere.
const strings = v.nullish(v.array(v.string()), [])
const stringMap = v.nullish(v.record(v.string(), v.string()), {})
const text = v.nullish(v.string(), () => undefined)
const digest = v.pipe(v.string(), v.check(isDigest, 'is no sha256 or sha512 digest'))
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const platformSchema = v.object({ os: v.string(), architecture: v.string(), variant: text })
const descriptorSchema = v.object({
  mediaType: v.string(),
  digest,
  size,
  platform: v.nullish(platformSchema, () => undefined),
  annotations: stringMap,
})
const indexSchema = v.object({ manifests: v.array(descriptorSchema), annotations: stringMap })
const manifestSchema = v.object({
  config: descriptorSchema,
  layers: v.array(descriptorSchema),
  annotations: stringMap,
})
const configSchema = v.pipe(
  v.object({
    os: v.string(),
    architecture: v.string(),
    variant: text,
    created: text,
    config: v.nullish(
      v.object({
        User: text,
        Entrypoint: strings,
        Cmd: strings,
        Env: strings,
        WorkingDir: text,
        ExposedPorts: v.nullish(v.record(v.string(), v.unknown()), {}),
        Labels: stringMap,
      }),
      {},
    ),
    rootfs: v.object({ type: v.literal('layers'), diff_ids: v.nullish(v.array(digest), []) }),
    history: v.nullish(v.array(v.record(v.string(), v.unknown())), []),
  }),
  v.transform(
    ({ rootfs, config: { ExposedPorts, ...config }, ...rest }): ConfigFile => ({
      ...rest,
      config: { ...config, ExposedPorts: Object.keys(ExposedPorts) },
      diffIds: rootfs.diff_ids,
    }),
  ),
)

/**
 * Reads an index or a manifest. A document that is both at once is refused: tools disagree about which of the two they
 * run (CVE-2021-41190), and so is one whose own mediaType is not the one it was described by.
 * @param described the media type of its descriptor or of the registry's answer, where there is one
 * @throws {Failure} verification, when it is malformed, ambiguous, or of a kind that is no image.
 */
export function parseManifest(
  bytes: Uint8Array,
  described: string | undefined,
  where: string,
): ImageIndex | ImageManifest {
  const document = parseJson(bytes, where)
  if (document.schemaVersion === 1) {
    throw malformed(where, 'it has schema version 1, which was retired in 2018; push the image again')
  }
  const hasIndex = 'manifests' in document
  if (hasIndex && ['config', 'layers', 'fsLayers', 'blobs'].some(name => name in document)) {
    throw malformed(where, 'it is an index and a manifest at once')
  }
  const own = typeof document.mediaType === 'string' ? document.mediaType : undefined
  if (own !== undefined && described !== undefined && own !== described) {
    throw malformed(where, `it calls itself ${own} and is described as ${described}`)
  }
  const mediaType = own ?? described ?? (hasIndex ? mediaTypes.index : mediaTypes.manifest)
  if (indexTypes.includes(mediaType)) {
    return { kind: 'index', mediaType, ...check(indexSchema, document, where) }
  }
  if (imageTypes.includes(mediaType)) {
    return { kind: 'image', mediaType, ...check(manifestSchema, document, where) }
  }
  throw malformed(where, `${mediaType} is neither an image index nor an image manifest`)
}

/**
 * Reads an image config.
 * @throws {Failure} verification, when it is malformed.
 */
export function parseConfig(bytes: Uint8Array, where: string): ConfigFile {
  return check(configSchema, parseJson(bytes, where), where)
}

/** Reads a JSON object in UTF-8. @throws {Failure} verification */
export function parseJson(bytes: Uint8Array, where: string): Record<string, unknown> {
  if (countValues(bytes) > maximumValues) {
    throw malformed(where, `it has more than ${maximumValues} values, and none of its kind needs so many`)
  }
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw malformed(where, `it is not valid JSON (${bytes.length} bytes): ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(where, 'it is no JSON object')
  }
  return value as Record<string, unknown>
}

/** The most values of a document: each takes many times its bytes once it is parsed. */
const maximumValues = 200_000

/** No fewer than there are values: what separates and opens them, in texts too. */
function countValues(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count++
  return count
}

/**
 * Refuses to read a manifest or config into memory that says of itself that it is too large to be one.
 * @throws {Failure} verification
 */
export function checkDocumentSize({ digest, size }: Descriptor, where: string): void {
  if (size <= maximumManifest) return
  throw malformed(
    where,
    `${digest} is said to have ${size} bytes, and no more than ${maximumManifest} are read`,
  )
}

/** Whether a descriptor names an image index by its media type. */
export function isIndex(descriptor: Descriptor): boolean {
  return indexTypes.includes(descriptor.mediaType)
}

/** Whether a manifest is an image that can run, and not an artifact such as a signature or a chart. */
export function isRunnable(manifest: ImageManifest): boolean {
  return configTypes.includes(manifest.config.mediaType)
}

/** Whether an index entry is BuildKit's provenance or SBOM of another entry, which no platform ever runs. */
export function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest'
}

/** The normalised platform, or undefined where there is none to run on (absent, or unknown/unknown). */
export function platformId(platform: DescribedPlatform | undefined): string | undefined {
  if (!platform?.os || !platform.architecture || platform.os === 'unknown') return undefined
  return normalizePlatform(platform.os, platform.architecture, platform.variant)
}

/** Indexes inside indexes are followed no deeper than this, and no more entries are visited in all. */
const maximumDepth = 4
const maximumEntries = 1000

/**
 * The entries of an index that are no indexes themselves, those of nested indexes included.
 * @param load reads a nested index; undefined leaves it out
 * @throws {Failure} verification, when an index holds itself, or they are nested too deep.
 */
export async function flattenIndex(
  index: ImageIndex,
  load: (descriptor: Descriptor) => Promise<ImageIndex | undefined>,
  where: string,
): Promise<Descriptor[]> {
  const leaves: Descriptor[] = []
  let visited = 0
  const visit = async (entries: readonly Descriptor[], above: readonly string[]) => {
    if (above.length >= maximumDepth)
      throw malformed(where, `indexes are nested more than ${maximumDepth} deep`)
    for (const entry of entries) {
      if (above.includes(entry.digest)) throw malformed(where, `the index ${entry.digest} holds itself`)
      if (++visited > maximumEntries)
        throw malformed(where, `the index has more than ${maximumEntries} entries`)
      const nested = isIndex(entry) ? await load(entry) : undefined
      if (nested) await visit(nested.manifests, [...above, entry.digest])
      else if (!isIndex(entry)) leaves.push(entry)
    }
  }
  await visit(index.manifests, [])
  return leaves
}

function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  where: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  throw malformed(where, path ? `${path}: ${issue.message}` : issue.message)
}

function malformed(where: string, why: string): Failure {
  return new Failure({ kind: 'verification', what: 'Malformed image metadata', where, why })
}
