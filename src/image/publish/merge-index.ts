import { Failure } from '../../errors.ts'
import { digestOf } from '../../oci/digest.ts'
import { type Descriptor, isAttestation, mediaTypes, platformId } from '../../oci/manifest.ts'
import { platforms as knownPlatforms, type Platform } from '../../platforms.ts'
import { parseAnnotations } from '../writer/annotations.ts'

/** One of the images that are merged, as its index or manifest says it. */
export interface MergePart {
  /** For people: the reference. */
  readonly name: string
  /** Entries of its index, with all that they say; one made from the config where it is one platform's manifest. */
  readonly entries: readonly Descriptor[]
  /** The media type of its index; absent where it has none. */
  readonly mediaType?: string
  /** Of its index. */
  readonly annotations: Readonly<Record<string, string>>
  /** The blanks that its JSON is indented by; 0 for none. */
  readonly indent: number
}

/** What is asked of a merged index. */
export interface MergeWishes {
  /** These platforms and no others, in this order; absent takes what there is. */
  readonly platforms?: readonly Platform[] | undefined
  /** As --annotation of `docker buildx imagetools create`: an index's where no type says otherwise. */
  readonly annotations: readonly string[]
}

/** An index that was merged. */
export interface MergedIndex {
  readonly mediaType: string
  readonly bytes: Buffer
  readonly digest: string
  /** In the order of the index. */
  readonly platforms: readonly { readonly platform: string; readonly digest: string }[]
  /** What a person should know. */
  readonly remarks: readonly string[]
}

/**
 * Joins the platforms of several images into the index that one build of all of them would have written: the same
 * entries, annotations, order and form. Pure.
 * @throws {Failure} verification, when a platform is there twice, missing, or was not asked for.
 */
export function mergeIndex(parts: readonly MergePart[], wishes: MergeWishes): MergedIndex {
  const order = wishes.platforms ?? knownPlatforms
  const given = annotationsOf(wishes.annotations)
  const all = parts.flatMap(({ name, entries }) => entries.map(entry => ({ name, entry })))
  const distinct = [...new Map(all.map(one => [one.entry.digest, one])).values()]
  const images = distinct.filter(({ entry }) => !isAttestation(entry))
  checkPlatforms(images, wishes.platforms)
  const place = (digest: string | undefined) => {
    const image = images.find(({ entry }) => entry.digest === digest)
    const at = order.findIndex(({ id }) => id === platformId(image?.entry.platform))
    return at < 0 ? order.length : at
  }
  // BuildKit lists attestations after every image.
  const sorted = [
    ...images.toSorted((a, b) => place(a.entry.digest) - place(b.entry.digest)),
    ...distinct
      .filter(({ entry }) => isAttestation(entry))
      .toSorted((a, b) => place(subjectOf(a.entry)) - place(subjectOf(b.entry))),
  ].map(({ entry }) => annotate(entry, given))
  const { annotations, remarks } = commonAnnotations(parts)
  const mediaType = mediaTypeOf(parts, sorted)
  const whole = { ...annotations, ...given('index') }
  const document = {
    schemaVersion: 2,
    mediaType,
    manifests: sorted,
    ...(Object.keys(whole).length > 0 && { annotations: whole }),
  }
  const bytes = Buffer.from(JSON.stringify(document, undefined, parts[0]?.indent ?? 0))
  return {
    mediaType,
    bytes,
    digest: digestOf(bytes),
    platforms: sorted
      .filter(entry => !isAttestation(entry))
      .map(entry => ({ platform: platformId(entry.platform) ?? 'unknown', digest: entry.digest })),
    remarks,
  }
}

/** The image that an attestation is about (BuildKit, docs/attestations/attestation-storage.md). */
const subjectOf = ({ annotations }: Descriptor) => annotations?.['vnd.docker.reference.digest']

function checkPlatforms(
  images: readonly { readonly name: string; readonly entry: Descriptor }[],
  wanted: readonly Platform[] | undefined,
): void {
  const held = images.map(({ name, entry }) => ({
    name,
    id: platformId(entry.platform),
    // Windows has one entry for each build of the system.
    key: platformId(entry.platform)?.startsWith('linux/')
      ? platformId(entry.platform)
      : JSON.stringify(entry.platform),
  }))
  const ids = held.map(({ id }) => id)
  const problems = [
    ...held.flatMap(({ id, key, name }, index) => {
      const first = held.findIndex(other => other.key === key)
      return first < index ? [`${id ?? 'unknown'} is there twice: ${held[first]?.name} and ${name}`] : []
    }),
    ...(wanted ?? []).filter(({ id }) => !ids.includes(id)).map(({ id }) => `${id} is missing`),
    ...(wanted ? held : [])
      .filter(({ id }) => !wanted?.some(platform => platform.id === id))
      .map(({ id, name }) => `${id ?? 'unknown'} was not asked for: ${name}`),
  ]
  if (problems.length === 0) return
  throw new Failure({
    kind: 'verification',
    what: 'The images do not make up one',
    why: problems.join('\n'),
    fix: problems.some(text => text.endsWith('is missing'))
      ? 'give the digests of every job, or leave the platform out of --platform; no tag has moved'
      : 'give each platform once; files of several images are merged without --tag, by the tags in them; no tag has moved',
  })
}

/** The annotations that no part contradicts, in the order of the first. */
function commonAnnotations(parts: readonly MergePart[]) {
  const annotations: Record<string, string> = {}
  const remarks: string[] = []
  for (const key of new Set(parts.flatMap(part => Object.keys(part.annotations)))) {
    const values = new Set(parts.flatMap(part => part.annotations[key] ?? []))
    if (values.size === 1) annotations[key] = [...values][0] as string
    else
      remarks.push(
        `the annotation ${key} is left out, for the images differ in it: ${[...values].join(', ')}`,
      )
  }
  return { annotations, remarks }
}

/** As the parts have it; Docker's where there is nothing but Docker's manifests, as imagetools does. */
function mediaTypeOf(parts: readonly MergePart[], entries: readonly Descriptor[]): string {
  const own = new Set(parts.map(part => part.mediaType))
  const [only] = own
  if (own.size === 1 && only !== undefined) return only
  return entries.every(({ mediaType }) => mediaType === mediaTypes.dockerManifest)
    ? mediaTypes.dockerIndex
    : mediaTypes.index
}

type Given = ReturnType<typeof parseAnnotations>

function annotationsOf(texts: readonly string[]): Given {
  const typed = texts.map(text => (/^[^=]*:/.test(text) ? text : `index:${text}`))
  const wrong = typed.find(text =>
    /(?:^|,)(?:manifest|index-descriptor)(?:\[[^\]]*\])?[,:]/.test(text.split('=')[0] as string),
  )
  if (wrong === undefined) return parseAnnotations(typed)
  throw new Failure({
    kind: 'usage',
    what: `--annotation ${JSON.stringify(wrong)} cannot be set by a merge`,
    why: 'manifests stay as they were pushed, and nothing describes the index',
    fix: 'set it with xbuild build --annotation, or use index: or manifest-descriptor:',
  })
}

function annotate(entry: Descriptor, given: Given): Descriptor {
  const platform = knownPlatforms.find(({ id }) => id === platformId(entry.platform))
  const added = platform ? given('manifest-descriptor', platform) : {}
  if (Object.keys(added).length === 0) return entry
  const { mediaType, digest, size, annotations, ...rest } = entry
  return { mediaType, digest, size, annotations: { ...annotations, ...added }, ...rest }
}
