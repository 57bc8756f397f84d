import { isLocalBase } from '../oci/local-base.ts'
import { formatReference, parseReference, type Reference } from '../oci/reference.ts'
import type { BaseChoice } from '../types.ts'

/** What the annotations that xbuild gives every image are about. */
const keys = {
  created: 'org.opencontainers.image.created',
  baseName: 'org.opencontainers.image.base.name',
  baseDigest: 'org.opencontainers.image.base.digest',
} as const

/** The keys of those annotations. */
export const ownKeys: readonly string[] = Object.values(keys)

/** A time of the image as configs and annotations write it (RFC 3339). */
export function formatTime(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
}

/**
 * The annotations that xbuild gives each manifest and the index: the time, and the name and digest of the base, by which
 * others find out that it has a newer one (image-spec annotations.md). A base that is in no registry has no name.
 * @param digest of the base's index; absent where only the builder knows it
 */
export function ownAnnotations(
  { reference, digest: pinned }: Pick<BaseChoice, 'reference' | 'digest'>,
  epoch: number,
  digest: string | undefined = pinned,
): Record<string, string> {
  const created = { [keys.created]: formatTime(epoch) }
  const named = reference !== 'scratch' && !isLocalBase(reference)
  const { digest: written, ...name } = named ? parseReference(reference) : {}
  const of = digest ?? written
  return {
    ...created,
    ...(named && { [keys.baseName]: formatReference(name as Reference) }),
    ...(of !== undefined && { [keys.baseDigest]: of }),
  }
}
