import { Failure } from '../errors.ts'
import { checkStream } from '../oci/digest.ts'
import type { Descriptor } from '../oci/manifest.ts'
import { formatRepository } from '../oci/reference.ts'
import type { Caller, Repository } from './call.ts'
import { minimumRate } from './deadlines.ts'
import { registryFailure } from './failures.ts'
import { TransientError } from './retry.ts'
import { describeUrl } from './transport.ts'

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
        expect: received > 0 ? [200, 206, 404] : [200, 404],
      }),
    )
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
    // A server that does not do ranges begins anew.
    let repeated = response.status === 206 ? 0 : received
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

/** One attempt to upload a blob in one piece (distribution spec, "POST then PUT"). */
export async function uploadOnce(
  caller: Caller,
  repository: Repository,
  { digest, size }: BlobDescriptor,
  open: () => AsyncIterable<Uint8Array>,
  onProgress: (sent: number) => void,
): Promise<void> {
  const started = await startUpload(caller, repository)
  await started.discard()
  const { location } = started.headers
  const where = describeUrl(started.url)
  if (location === undefined) {
    throw registryFailure('The registry opened an upload and did not say where', where)
  }
  const target = caller.resolve(location, started.url, 'opens an upload at')
  // The query may be signed as it is, so it is only added to.
  target.search += `${target.search ? '&' : '?'}digest=${encodeURIComponent(digest)}`
  const finished = await caller.once({
    method: 'PUT',
    repository,
    target,
    headers: { 'content-type': 'application/octet-stream' },
    body: { open: () => counted(open(), onProgress), length: size },
    push: true,
    expect: [200, 201, 202, 204, 404],
  })
  await finished.discard()
  if (finished.status === 404) {
    throw new TransientError(registryFailure('The registry forgot an upload while it was sent', where, '404'))
  }
}

/** Opens an upload. Some registries hang up on one for a repository that does not exist, with not a word. */
async function startUpload(caller: Caller, repository: Repository) {
  try {
    return await caller.once({
      method: 'POST',
      repository,
      target: 'blobs/uploads/',
      push: true,
      expect: [202],
    })
  } catch (error) {
    if (!(error instanceof TransientError) || !isHangUp(error.failure)) throw error
    const { what, where, why, cause } = error.failure
    const name = formatRepository(repository)
    const failure = registryFailure(
      what,
      where ?? repository.registry,
      `${why} at the start of an upload, as Amazon ECR does where the repository does not exist`,
      `make sure that the repository ${name} exists (aws ecr create-repository --repository-name ${repository.repository}), or try again later`,
      cause,
    )
    throw new TransientError(failure, error.retryAfter, 4)
  }
}

function isHangUp({ cause }: Failure): boolean {
  const { code = '' } = Object(cause) as { code?: string }
  return ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET'].includes(code)
}

async function* counted(chunks: AsyncIterable<Uint8Array>, onProgress: (sent: number) => void) {
  let sent = 0
  onProgress(sent)
  for await (const chunk of chunks) {
    yield chunk
    sent += chunk.length
    onProgress(sent)
  }
}
