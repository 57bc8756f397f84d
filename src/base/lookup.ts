import type { ImagePlan, Plan } from '../build/plan.ts'
import type { Recorder } from '../build/report.ts'
import { Failure, isFailure } from '../errors.ts'
import {
  checkDocumentSize,
  type Descriptor,
  flattenIndex,
  type ImageIndex,
  isAttestation,
  parseConfig,
  parseManifest,
  platformId,
} from '../oci/manifest.ts'
import { parseReference, type Reference } from '../oci/reference.ts'
import { createRegistryClient, type RegistryClient } from '../registry/client.ts'
import { checkBasePlatforms } from './choose.ts'
import { isLocalBase } from './local.ts'

/** What the registry says of a base. */
export interface BaseIndex {
  readonly digest: string
  /** Ids of the platforms it has. */
  readonly platforms: readonly string[]
}

/** Whether a base is an image that a registry holds. */
function isRegistryBase(reference: string): boolean {
  return reference !== 'scratch' && !isLocalBase(reference)
}

/**
 * Looks up the bases of a plan while the compilers run, so that a platform which a base lacks ends the build early. A
 * registry that cannot be asked from here is only remarked upon: the builder may reach it another way.
 * @returns what was found, by reference.
 * @throws {Failure} usage, when a base lacks a platform; registry, when there is no such image.
 */
export async function checkBaseIndexes(
  plan: Plan,
  client: RegistryClient,
  { emit }: Recorder,
): Promise<ReadonlyMap<string, BaseIndex>> {
  const references = [...new Set(plan.images.map(({ spec }) => spec.base.reference))].filter(isRegistryBase)
  const found = new Map<string, BaseIndex>()
  emit({ type: 'start', id: 'base' })
  try {
    for (const reference of references) {
      const base = await lookUpBase(reference, client)
      checkBasePlatforms(reference, plan.platforms, base.platforms)
      found.set(reference, base)
    }
  } catch (error) {
    const unreachable = isFailure(error, 'registry') && error.fix !== noSuchBase
    emit({ type: unreachable ? 'skipped' : 'failed', id: 'base', detail: (error as Error).message })
    if (!unreachable) throw error
    const text = `the base could not be looked up beforehand: ${error.what}${error.why ? ` (${error.why})` : ''}`
    emit({ type: 'note', level: 'warning', text })
    return found
  }
  const described = [...found].map(
    ([reference, { platforms }]) => `${reference}, ${platforms.length} platforms`,
  )
  emit({ type: 'done', id: 'base', detail: described.join('; ') || 'made here' })
  return found
}

/**
 * The plan's image with the digest of its base, where `--pin` asks for it.
 * @throws {Failure} registry, when the base cannot be looked up.
 */
export async function pinBase(image: ImagePlan, signal?: AbortSignal): Promise<ImagePlan> {
  const { base } = image.spec
  if (!image.options.pin || !isRegistryBase(base.reference) || base.reference.includes('@')) return image
  const client = createRegistryClient({ signal, insecure: image.options.insecureRegistries })
  try {
    const { digest } = await lookUpBase(base.reference, client)
    return { ...image, spec: { ...image.spec, base: { ...base, digest } } }
  } finally {
    await client.close()
  }
}

const noSuchBase = 'another one with --base, or a mirror of gcr.io/distroless with [image] registry'

async function lookUpBase(text: string, client: RegistryClient): Promise<BaseIndex> {
  const reference = parseReference(text)
  const manifest = await client.findManifest(reference)
  if (!manifest) {
    throw new Failure({
      kind: 'registry',
      what: `There is no base image ${text}`,
      where: reference.registry,
      why: 'the registry has no manifest of this name',
      fix: noSuchBase,
    })
  }
  const { digest } = manifest
  return { digest, platforms: await listPlatforms(client, reference, manifest) }
}

async function listPlatforms(
  client: RegistryClient,
  reference: Reference,
  { bytes, mediaType }: { bytes: Uint8Array; mediaType: string },
): Promise<string[]> {
  const where = reference.repository
  const parsed = parseManifest(bytes, mediaType, where)
  if ('manifests' in parsed) {
    const entries = await flattenIndex(parsed, entry => loadIndex(client, reference, entry), where)
    const runnable = entries.filter(entry => !isAttestation(entry)).map(entry => platformId(entry.platform))
    return [...new Set(runnable.filter(id => id !== undefined))]
  }
  checkDocumentSize(parsed.config, where)
  const config: Buffer[] = []
  for await (const chunk of client.getBlob(reference, parsed.config)) config.push(Buffer.from(chunk))
  const id = platformId(parseConfig(Buffer.concat(config), where))
  return id === undefined ? [] : [id]
}

async function loadIndex(
  client: RegistryClient,
  reference: Reference,
  { digest }: Descriptor,
): Promise<ImageIndex | undefined> {
  const found = await client.findManifest({ ...reference, digest })
  const parsed = found && parseManifest(found.bytes, found.mediaType, reference.repository)
  return parsed && 'manifests' in parsed ? parsed : undefined
}
