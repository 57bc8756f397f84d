import { buffer } from 'node:stream/consumers'
import { Failure, isFailure } from '../errors.ts'
import { isLocalBase } from '../oci/local-base.ts'
import {
  checkDocumentSize,
  type Descriptor,
  flattenIndex,
  type ImageIndex,
  isAttestation,
  manifestTypes,
  parseConfig,
  parseManifest,
  platformId,
} from '../oci/manifest.ts'
import { parseReference, type Reference } from '../oci/reference.ts'
import type { RegistryClient } from '../registry/client.ts'
import { isRefusal } from '../registry/failures.ts'
import type { FetchedManifest } from '../registry/fetched-manifest.ts'

/** What the registry says of a base. */
export interface BaseIndex {
  readonly digest: string
  /** Ids of the platforms it has. */
  readonly platforms: readonly string[]
}

/** Whether a base is an image that a registry holds. */
export function isRegistryBase(reference: string): boolean {
  return reference !== 'scratch' && !isLocalBase(reference)
}

/** Whether a look-up failed because the registry could not be asked, or did not answer: the builder may still reach it. */
export function isUnreachable(error: unknown): error is Failure {
  return isFailure(error, 'registry') && !error.what.startsWith(noSuchBase)
}

const noSuchBase = 'There is no base image'

/** What is kept of what registries said of bases, which saves requests. */
export interface BaseDocuments {
  /** What a reference was when it was last seen. */
  recall(reference: Reference): Promise<Descriptor | undefined>
  remember(reference: Reference, descriptor: Descriptor): Promise<void>
  /** The bytes of a manifest or config, if they are there and are what the digest says. */
  find(descriptor: Descriptor): Promise<Uint8Array | undefined>
  /** Keeps a manifest or config. */
  keep(bytes: Uint8Array): Promise<void>
}

/** Opens what is kept for as long as it is used. */
export type WithDocuments = <T>(use: (documents: BaseDocuments) => Promise<T>) => Promise<T>

/** Looks bases up, each once in a run: whoever asks first starts it. */
export type BaseLookup = (reference: string) => Promise<BaseIndex>

/** @see lookUpBase */
export function createBaseLookup(client: RegistryClient, withDocuments: WithDocuments): BaseLookup {
  const found = new Map<string, Promise<BaseIndex>>()
  return reference => {
    const index =
      found.get(reference) ?? withDocuments(documents => lookUpBase(reference, { client, documents }))
    found.set(reference, index)
    return index
  }
}

/** Who knows of bases. */
interface Sources {
  readonly client: RegistryClient
  readonly documents: BaseDocuments
}

/**
 * Looks a base up.
 * @throws {Failure} registry, when there is no such image ({@link isUnreachable} tells that from a registry that could not
 * be asked).
 */
async function lookUpBase(text: string, sources: Sources): Promise<BaseIndex> {
  const reference = parseReference(text)
  const manifest = await findRoot(reference, sources)
  if (!manifest) {
    throw new Failure({
      kind: 'registry',
      what: `${noSuchBase} ${text}`,
      where: reference.registry,
      why: 'the registry has no manifest of this name',
      fix:
        reference.digest === undefined
          ? 'another one with --base, or a mirror of gcr.io/distroless with --base-registry'
          : 'xbuild update, where xbuild.lock has this digest, or another --base',
    })
  }
  const { digest } = manifest
  return { digest, platforms: await listPlatforms(reference, manifest, sources) }
}

/**
 * What a reference stands for. Registries count each GET of a manifest as a pull, and no HEAD
 * (docs.docker.com/docker-hub/usage/pulls), so that only what is not kept is got; what a digest stands for is not even
 * asked again.
 */
async function findRoot(reference: Reference, sources: Sources): Promise<FetchedManifest | undefined> {
  const { client, documents } = sources
  const known = reference.digest === undefined ? undefined : await documents.recall(reference)
  const manifest = await findManifest(reference, known ?? (await describe(reference, client)), sources)
  if (manifest) {
    const { mediaType, digest, bytes } = manifest
    await documents.remember({ ...reference, digest }, { mediaType, digest, size: bytes.length })
  }
  return manifest
}

/** What a HEAD says of a reference; undefined where a GET has to say it, or why it is refused. */
async function describe(reference: Reference, client: RegistryClient): Promise<Descriptor | undefined> {
  try {
    const root = await client.headManifest(reference)
    return root && manifestTypes.includes(root.mediaType) ? root : undefined
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

async function findManifest(
  reference: Reference,
  descriptor: Descriptor | undefined,
  { client, documents }: Sources,
): Promise<FetchedManifest | undefined> {
  const kept = descriptor && (await documents.find(descriptor))
  if (kept) return { mediaType: descriptor.mediaType, digest: descriptor.digest, bytes: kept }
  const found = await client.findManifest(reference)
  if (found) await documents.keep(found.bytes)
  return found
}

async function listPlatforms(
  reference: Reference,
  { bytes, mediaType }: FetchedManifest,
  sources: Sources,
): Promise<string[]> {
  const where = reference.repository
  const parsed = parseManifest(bytes, mediaType, where)
  if ('manifests' in parsed) {
    const entries = await flattenIndex(parsed, entry => loadIndex(reference, entry, sources), where)
    const runnable = entries.filter(entry => !isAttestation(entry)).map(entry => platformId(entry.platform))
    return [...new Set(runnable.filter(id => id !== undefined))]
  }
  const id = platformId(parseConfig(await readConfig(reference, parsed.config, sources), where))
  return id === undefined ? [] : [id]
}

async function readConfig(
  reference: Reference,
  descriptor: Descriptor,
  { client, documents }: Sources,
): Promise<Uint8Array> {
  checkDocumentSize(descriptor, reference.repository)
  const kept = await documents.find(descriptor)
  if (kept) return kept
  const bytes = await buffer(client.getBlob(reference, descriptor))
  await documents.keep(bytes)
  return bytes
}

async function loadIndex(
  reference: Reference,
  entry: Descriptor,
  sources: Sources,
): Promise<ImageIndex | undefined> {
  const found = await findManifest({ ...reference, digest: entry.digest }, entry, sources)
  const parsed = found && parseManifest(found.bytes, found.mediaType, reference.repository)
  return parsed && 'manifests' in parsed ? parsed : undefined
}
