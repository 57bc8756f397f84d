import { Failure } from '../../errors.ts'
import {
  type Descriptor,
  isIndex,
  isRunnable,
  parseConfig,
  parseJson,
  parseManifest,
} from '../../oci/manifest.ts'
import { ownKeys } from '../own-annotations.ts'
import type { ImageSource } from '../read/image-source.ts'
import { missingBlob } from '../read/layout-files.ts'
import type { MergePart } from './merge-index.ts'

/**
 * Reads what is merged of an image: the entries of its index as they are written, or an entry for its manifest.
 * @throws {Failure} registry; verification, when it is no image.
 */
export async function readPart(source: ImageSource, root: Descriptor): Promise<MergePart> {
  const bytes = await documentOf(source, root)
  const parsed = parseManifest(bytes, root.mediaType, source.name)
  const indent =
    / +/.exec(/^\{\n *"/.exec(Buffer.from(bytes.subarray(0, 20)).toString())?.[0] ?? '')?.[0].length ?? 0
  if (parsed.kind === 'index') {
    if (parsed.manifests.some(isIndex)) throw notMergeable(source.name, 'its index holds indexes')
    const { manifests } = parseJson(bytes, source.name) as { manifests: Descriptor[] }
    const entries = await Promise.all(
      manifests.map(async entry =>
        entry.platform ? entry : { ...entry, ...(await platformOf(source, entry)) },
      ),
    )
    return {
      name: source.name,
      entries,
      mediaType: parsed.mediaType,
      annotations: parsed.annotations,
      indent,
    }
  }
  const { digest } = root
  const entry = { mediaType: parsed.mediaType, digest, size: bytes.length }
  return {
    name: source.name,
    entries: [{ ...entry, ...(await platformOf(source, entry)) }],
    annotations: indexAnnotations(parsed.annotations),
    indent,
  }
}

/**
 * BuildKit makes no index for one platform: of its manifest's annotations those that xbuild gives every index as well
 * (own-annotations.ts), so that a merged one has them.
 */
function indexAnnotations(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => ownKeys.includes(key)))
}

/** The platform that a manifest's config names, as an entry of an index has it. */
async function platformOf(source: ImageSource, entry: Descriptor): Promise<Pick<Descriptor, 'platform'>> {
  const manifest = parseManifest(await documentOf(source, entry), entry.mediaType, source.name)
  if (manifest.kind !== 'image' || !isRunnable(manifest))
    throw notMergeable(source.name, 'it is no image that runs')
  const { architecture, os, variant } = parseConfig(await documentOf(source, manifest.config), source.name)
  return { platform: { architecture, os, ...(variant && { variant }) } }
}

async function documentOf(source: ImageSource, descriptor: Descriptor): Promise<Uint8Array> {
  const bytes = await source.document(descriptor)
  if (bytes) return bytes
  throw missingBlob(source.name, descriptor.digest)
}

function notMergeable(where: string, why: string): Failure {
  return new Failure({
    kind: 'verification',
    what: 'It cannot be merged',
    where,
    why,
    fix: 'give what xbuild build --push-by-digest has pushed',
  })
}
