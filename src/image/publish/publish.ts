import { formatReference, formatRepository, parseReference, type Reference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import type { Recorder } from '../../recorder.ts'
import type { RegistryClient } from '../../registry/client.ts'
import { count } from '../../util/format.ts'
import { patientSource } from '../read/patient-source.ts'
import { registrySource } from '../read/registry-source.ts'
import type { VerifyReport } from '../verify/report.ts'
import { verificationFailure, verifyImage } from '../verify/verify.ts'

/** What merging and pushing need besides the images. */
export interface PublishContext {
  readonly client: RegistryClient
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

/** An image that got its tags. */
export interface PublishedImage {
  /** References in full. */
  readonly tags: readonly string[]
  /** Of the index, or of the manifest where there is no index. */
  readonly digest: string
  readonly platforms: readonly { readonly platform: string; readonly digest: string }[]
  readonly attestations: number
}

/** The repositories of some tags, each once, with the tags that are in it. */
export function byRepository(tags: readonly string[]): Map<string, Reference[]> {
  const found = new Map<string, Reference[]>()
  for (const reference of tags.map(parseReference)) {
    const name = formatRepository(reference)
    found.set(name, [...(found.get(name) ?? []), reference])
  }
  return found
}

/**
 * Reads back by its digest what was pushed, from its index down to each program.
 * @throws {Failure} verification, when anything is wrong with it; registry.
 */
export async function verifyPushed(
  { registry, repository }: Reference,
  digest: string,
  platforms: readonly Platform[] | undefined,
  { client, signal }: PublishContext,
): Promise<VerifyReport> {
  const source = patientSource(registrySource(client, { registry, repository, digest }), signal)
  const report = await verifyImage(source, platforms && { platforms })
  if (!report.ok) throw verificationFailure(report)
  return report
}

/** What a check that went well found, for the list of a run. */
export function describeChecked({ platforms }: VerifyReport): string {
  const programs = platforms.filter(({ entrypoint }) => entrypoint?.elf).length
  return `${count(platforms.length, 'platform')}, ${count(programs, 'program')} of the right architecture`
}

/** Puts an index or manifest under its tags. @throws {Failure} registry */
export async function moveTags(
  tags: readonly string[],
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
  { client }: PublishContext,
): Promise<void> {
  for (const tag of tags) await client.putManifest(withTag(parseReference(tag)), manifest)
}

const withTag = ({ registry, repository, tag = 'latest' }: Reference): Reference => ({
  registry,
  repository,
  tag,
})

/** A published image for its report. */
export function publishedImage(
  tags: readonly string[],
  { indexDigest, platforms, attestations }: VerifyReport,
): PublishedImage {
  return {
    tags: tags.map(tag => formatReference(withTag(parseReference(tag)))),
    digest: indexDigest,
    platforms: platforms.map(({ platform, digest }) => ({ platform, digest })),
    attestations,
  }
}
