import { checkBytes, digestOf } from '../oci/digest.ts'
import { manifestTypes, maximumManifest, parseManifest } from '../oci/manifest.ts'
import { formatReference, isDigest, type Reference } from '../oci/reference.ts'
import { registryFailure } from './failures.ts'
import type { HttpResponse } from './transport.ts'

/** An index or manifest whose digest was checked. */
export interface FetchedManifest {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Uint8Array
}

/**
 * Reads and checks the answer to a request for a manifest: its type, its size, its digest against the one asked for and
 * the one in the header, and its form.
 * @throws {Failure} registry, when it is no manifest at all; verification, when its content is wrong.
 */
export async function readManifest(response: HttpResponse, reference: Reference): Promise<FetchedManifest> {
  const where = formatReference(reference)
  const mediaType = mediaTypeOf(response)
  if (mediaType === undefined || !manifestTypes.includes(mediaType)) {
    await response.discard()
    throw registryFailure(
      'The registry answered with something else than an image',
      where,
      `its Content-Type is ${mediaType ?? 'absent'}`,
      mediaType === 'text/html'
        ? 'check that it is a registry, and which proxy is between it and this machine'
        : undefined,
    )
  }
  const bytes = await readLimited(response, where)
  const header = response.headers['docker-content-digest']
  if (header !== undefined && !isDigest(header)) {
    throw registryFailure('The registry answered with a digest that is none', where)
  }
  if (header !== undefined) checkBytes(bytes, header, where)
  if (reference.digest !== undefined) checkBytes(bytes, reference.digest, where)
  parseManifest(bytes, mediaType, where)
  return { mediaType, digest: reference.digest ?? header ?? digestOf(bytes), bytes }
}

/** The media type that an answer claims, without parameters. */
export function mediaTypeOf({ headers }: Pick<HttpResponse, 'headers'>): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase()
}

async function readLimited(response: HttpResponse, where: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.stream()) {
    length += chunk.length
    if (length > maximumManifest) {
      throw registryFailure(
        'The registry answered with a manifest that is too large',
        where,
        `it has more than ${maximumManifest} bytes`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
