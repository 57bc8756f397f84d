import { Failure, isFailure } from '../errors.ts'
import { isLocalBase } from '../oci/local-base.ts'
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
import type { RegistryClient } from '../registry/client.ts'

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

/** Looks bases up, each once in a run: whoever asks first starts it. */
export type BaseLookup = (reference: string) => Promise<BaseIndex>

/** @see lookUpBase */
export function createBaseLookup(client: RegistryClient): BaseLookup {
  const found = new Map<string, Promise<BaseIndex>>()
  return reference => {
    const index = found.get(reference) ?? lookUpBase(reference, client)
    found.set(reference, index)
    return index
  }
}

/**
 * Looks a base up.
 * @throws {Failure} registry, when there is no such image ({@link isUnreachable} tells that from a registry that could not
 * be asked).
 */
export async function lookUpBase(text: string, client: RegistryClient): Promise<BaseIndex> {
  const reference = parseReference(text)
  const manifest = await client.findManifest(reference)
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
