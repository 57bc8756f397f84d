import { type Failure, isFailure } from '../errors.ts'
import { formatRepository } from '../oci/reference.ts'
import type { Caller, Repository } from './call.ts'
import { minimumRate } from './deadlines.ts'
import { registryFailure } from './failures.ts'
import { TransientError } from './retry.ts'
import type { BlobDescriptor } from './transfer.ts'
import { describeUrl, type HttpResponse } from './transport.ts'

/** A blob on its way. */
interface Upload {
  readonly caller: Caller
  readonly repository: Repository
  readonly blob: BlobDescriptor
  readonly open: () => AsyncIterable<Uint8Array>
  readonly onProgress: (sent: number) => void
  /** Bytes from the beginning that a connection took at some time. */
  sent: number
}

/** Where an upload goes on, and with which byte. */
interface Session {
  readonly location: URL
  readonly offset: number
}

/**
 * Uploads a blob, over as many connections as it takes. It goes in one piece ("POST then PUT"); where its connection
 * breaks, the registry is asked how much came, and gets the rest ("PATCH then PUT"). A registry that does not tell, or has
 * forgotten it, gets it from the beginning. As long as it gets on, the attempts begin anew.
 * @param isThere asks for the blob: an attempt may have got through although its answer was lost
 */
export async function uploadBlob(
  parts: Omit<Upload, 'sent'>,
  isThere: () => Promise<boolean>,
): Promise<void> {
  const upload: Upload = { ...parts, sent: 0 }
  const { caller } = upload
  let pause = caller.startRetrying()
  let mark = { offset: 0, at: performance.now() }
  let broken: Session | undefined
  for (;;) {
    let session: Session | undefined
    try {
      session = broken && (await askSession(upload, broken))
      if (session) {
        const seconds = (performance.now() - mark.at) / 1000
        if (session.offset - mark.offset >= minimumRate * Math.max(1, seconds)) {
          pause = caller.startRetrying()
          mark = { offset: session.offset, at: performance.now() }
        }
      }
      session ??= await openSession(upload)
      await sendRest(upload, session)
      return
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      // A registry that was not reached may still have it; one that answers it cannot say begins anew.
      const unreached = error.failure.cause === undefined ? undefined : broken
      broken = error instanceof Forgotten ? undefined : (session ?? unreached)
      await pause(error)
      if (await isThere()) return
    }
  }
}

/** The registry knows nothing of an upload, or of its bytes, any more. */
class Forgotten extends TransientError {}

function forgotten({ location }: Session, why: string): Forgotten {
  return new Forgotten(
    registryFailure('The registry forgot an upload while it was sent', describeUrl(location), why),
  )
}

async function openSession({ caller, repository }: Upload): Promise<Session> {
  const started = await startUpload(caller, repository)
  await started.discard()
  const { location } = started.headers
  if (location === undefined) {
    throw registryFailure('The registry opened an upload and did not say where', describeUrl(started.url))
  }
  return { location: caller.resolve(location, started.url, 'opens an upload at'), offset: 0 }
}

/**
 * How much of a broken upload came; undefined where it has to begin anew. Nobody is believed to have more than was sent.
 */
async function askSession(upload: Upload, { location }: Session): Promise<Session | undefined> {
  const { caller, repository } = upload
  try {
    const response = await caller.once({
      method: 'GET',
      repository,
      target: location,
      push: true,
      expect: [200, 204],
    })
    await response.discard()
    const [, end] = /^(?:bytes[= ])?0-(\d{1,15})$/.exec(response.headers['range'] ?? '') ?? []
    // "0-0" is what some say of nothing.
    const offset = Number(end ?? 0) + 1
    if (offset <= 1 || offset > upload.sent) return undefined
    return { location: next(caller, response, location), offset }
  } catch (error) {
    if (isFailure(error, 'registry')) return undefined
    throw error
  }
}

async function sendRest(upload: Upload, session: Session): Promise<void> {
  const { caller, repository, blob, onProgress } = upload
  const { offset } = session
  let { location } = session
  if (offset === blob.size) onProgress(offset)
  const type = { 'content-type': 'application/octet-stream' }
  if (offset > 0 && offset < blob.size) {
    const patched = await caller.once({
      method: 'PATCH',
      repository,
      target: location,
      headers: { ...type, 'content-range': `${offset}-${blob.size - 1}` },
      body: { open: () => rest(upload, offset), length: blob.size - offset },
      push: true,
      expect: [201, 202, 204, 400, 404, 405, 416],
    })
    await patched.discard()
    if (patched.status >= 400) throw forgotten(session, `${patched.status}`)
    location = next(caller, patched, location)
  }
  // The query may be signed as it is, so it is only added to.
  const target = new URL(location)
  target.search += `${target.search ? '&' : '?'}digest=${encodeURIComponent(blob.digest)}`
  const finished = await caller.once({
    method: 'PUT',
    repository,
    target,
    headers: type,
    body: offset > 0 ? '' : { open: () => rest(upload, 0), length: blob.size },
    push: true,
    // Parts that do not make the whole are no fault of the bytes.
    expect: [200, 201, 202, 204, 404, ...(offset > 0 ? [400, 416] : [])],
  })
  await finished.discard()
  if (finished.status >= 400) throw forgotten(session, `${finished.status}`)
}

/** Where an upload goes on after an answer; some name no new address. */
function next(caller: Caller, { headers, url }: HttpResponse, last: URL): URL {
  return headers['location'] === undefined ? last : caller.resolve(headers['location'], url, 'goes on at')
}

/** Opens an upload. Some registries hang up on one for a repository that does not exist, with not a word. */
async function startUpload(caller: Caller, repository: Repository): Promise<HttpResponse> {
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

/** The bytes from an offset on, counted as they go. */
async function* rest(upload: Upload, offset: number): AsyncIterable<Uint8Array> {
  let passed = 0
  upload.onProgress(offset)
  for await (const chunk of upload.open()) {
    const fresh = chunk.subarray(Math.max(0, Math.min(offset - passed, chunk.length)))
    passed += chunk.length
    if (fresh.length === 0) continue
    yield fresh
    upload.sent = Math.max(upload.sent, passed)
    upload.onProgress(passed)
  }
}
