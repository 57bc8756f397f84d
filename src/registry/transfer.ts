import { Failure } from '../errors.ts'
import { checkStream } from '../oci/digest.ts'
import type { Descriptor } from '../oci/manifest.ts'
import { formatRepository } from '../oci/reference.ts'
import type { Caller, Repository } from './call.ts'
import { minimumRate } from './deadlines.ts'
import { TransientError } from './retry.ts'
import type { HttpResponse } from './transport.ts'

/** Content by digest, and its size in bytes. */
export type BlobDescriptor = Pick<Descriptor, 'digest' | 'size'>

/** A blob's bytes, checked while they pass, over as many connections as it takes: a later one continues where one broke. */
export function downloadBlob(
  caller: Caller,
  repository: Repository,
  blob: BlobDescriptor,
): AsyncIterable<Uint8Array> {
  return checkStream(
    rawBlob(caller, repository, blob),
    blob,
    `${formatRepository(repository)}@${blob.digest}`,
  )
}

/**
 * The first byte of an answer. A server that does not do ranges begins anew, and one may give another range than it was
 * asked for; what is missing then, the digest tells.
 */
function startOf({ status, headers }: HttpResponse, asked: number): number {
  if (status !== 206) return 0
  const [, start] = /^bytes (\d{1,15})-/i.exec(headers['content-range'] ?? '') ?? []
  return Math.min(asked, Number(start ?? asked))
}

async function* rawBlob(caller: Caller, repository: Repository, { digest }: BlobDescriptor) {
  let pause = caller.startRetrying()
  let received = 0
  let mark = { received: 0, at: performance.now() }
  for (;;) {
    const response = await caller.retrying(() =>
      caller.once({
        method: 'GET',
        repository,
        target: `blobs/${digest}`,
        headers: received > 0 ? { range: `bytes=${received}-` } : {},
        expect: received > 0 ? [200, 206, 404, 416] : [200, 404],
      }),
    )
    // Nothing is left: the connection broke behind the last byte.
    if (response.status === 416) {
      await response.discard()
      return
    }
    if (response.status === 404) {
      await response.discard()
      throw new Failure({
        kind: 'verification',
        what: 'A part of the image is missing',
        where: formatRepository(repository),
        why: `the registry does not have the blob ${digest}`,
        fix: 'push the image again',
      })
    }
    let repeated = received - startOf(response, received)
    try {
      for await (const chunk of response.stream()) {
        const fresh = chunk.subarray(Math.min(repeated, chunk.length))
        repeated -= chunk.length - fresh.length
        received += fresh.length
        if (fresh.length > 0) yield fresh
      }
      return
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      // One that breaks and gets on goes on for as long as it takes.
      const seconds = (performance.now() - mark.at) / 1000
      if (received - mark.received >= minimumRate * Math.max(1, seconds)) {
        pause = caller.startRetrying()
        mark = { received, at: performance.now() }
      }
      await pause(error)
    }
  }
}
