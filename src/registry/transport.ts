import { setMaxListeners } from 'node:events'
import { interrupted, isFailure } from '../errors.ts'
import { isLoopback } from '../oci/reference.ts'
import { beginSpan } from '../util/timeline.ts'
import { decoded, joinHeaders } from './answers.ts'
import { connectionFailure, isUntrusted } from './connection-failure.ts'
import { answerDeadline, deadlines, sayWaiting, type Waiting, watchRate } from './deadlines.ts'
import { createDispatchers } from './dispatchers.ts'
import { registryFailure } from './failures.ts'

/** A body that can be sent again: bytes, or a stream opened anew for each attempt, with its length in bytes. */
export type RequestBody =
  | Uint8Array
  | string
  | { readonly open: () => AsyncIterable<Uint8Array>; readonly length: number }

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody | undefined
  /** Whether the body is a secret, which is for this origin alone. */
  readonly isSecret?: boolean
}

/** An answer. Its body must be read or discarded, else its connection is not used again. */
export interface HttpResponse {
  readonly status: number
  /** By lower-case name; of a repeated header the first (answers.ts). */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Where the answer came from, after redirects. */
  readonly url: URL
  /** The iteration throws TransientError when the connection breaks. */
  stream(): AsyncIterable<Uint8Array>
  discard(): Promise<void>
}

export interface Transport {
  /**
   * Sends a request and follows redirects. Authorization stays with the origin it was meant for.
   * @throws {TransientError} when the connection broke or nothing came
   * @throws {Failure} registry, for what another attempt cannot fix; interrupted
   */
  send(request: HttpRequest): Promise<HttpResponse>
  /** `https://HOST`, or `http://HOST` where a registry that may go without TLS has none. */
  baseUrl(registry: string): Promise<string>
  /**
   * The address that a registry names in a Location header.
   * @param what it does with it, for a failure: "opens an upload at"
   * @throws {Failure} registry, where no client may follow: no address, another scheme, or one that does without TLS
   */
  resolve(location: string, from: URL, what: string): URL
  /** Whether a host may go without TLS. */
  mayBeInsecure(host: string): boolean
  /** Ends every connection, so that the process can exit. */
  close(): Promise<void>
}

export interface TransportOptions {
  /** Hosts of registries that may go without TLS, or have a certificate nobody vouches for; those on this machine always may. */
  readonly insecure?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  /** Seconds without a byte after which an answer is given up (deadlines.ts). Default 60. */
  readonly timeout?: number | undefined
  /** Told every ten seconds that a registry is waited for. */
  readonly onWait?: ((text: string) => void) | undefined
  /** Where proxies and certificates are read from. Default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

const maximumRedirects = 5
const redirects: readonly number[] = [301, 302, 303, 307, 308]

/** HTTP with kept connections over undici, which is loaded at the first request. */
export function createTransport({ insecure, signal, timeout, onWait, env }: TransportOptions): Transport {
  // A URL has no port that is the default one, and no capitals.
  const plain = (host: string) => host.toLowerCase().replace(/:443$/, '')
  const named = new Set(insecure?.map(plain))
  const mayBeInsecure = (host: string) => isLoopback(host) || named.has(plain(host))
  const limits = deadlines(timeout)
  const dispatchers = createDispatchers(mayBeInsecure, limits, env)
  // Every request under way listens to it, and Node.js warns of more than ten.
  if (signal) setMaxListeners(0, signal)

  /** Notes bytes that come or go, throws when they crawl, and says what is waited for. */
  const watch = (url: URL): Watch => {
    const note = watchRate(limits, url.host)
    return { note, waiting: sayWaiting(url.host, onWait) }
  }

  const sendOnce = async (request: HttpRequest): Promise<HttpResponse> => {
    const { method, url, headers, body } = request
    if (signal?.aborted) throw interrupted()
    const stream = typeof body === 'object' && 'open' in body ? body : undefined
    const { dispatcher, proxy, widened } = await dispatchers.route(url).catch(error => {
      throw isFailure(error) ? error : connectionFailure(error, url, undefined)
    })
    // What reading the bytes threw is no fault of the connection.
    const ofBody: { error?: unknown } = {}
    const failed = (error: unknown) => {
      if (signal?.aborted) return interrupted()
      return error === ofBody.error ? error : connectionFailure(error, url, proxy)
    }
    const sending = watch(url)
    const endSpan = beginSpan('request', `${method} ${describeUrl(url)}`)
    try {
      const response = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        // undici would end the connection after each HEAD
        reset: false,
        headers: {
          'user-agent': 'xbuild',
          'accept-encoding': 'identity',
          ...headers,
          ...(stream && { 'content-length': String(stream.length) }),
        },
        headersTimeout: answerDeadline(limits, stream?.length ?? 0) * 1000,
        bodyTimeout: limits.silence * 1000,
        // undici takes any async iterable as a body; its type names Readable alone
        body: (stream ? paced(noting(stream.open(), ofBody), sending) : (body ?? null)) as
          | Uint8Array
          | string
          | null,
        signal: signal ?? null,
      })
      return {
        status: response.statusCode,
        headers: joinHeaders(response.headers),
        url,
        async *stream() {
          const receiving = watch(url)
          try {
            yield* decoded(watched(response.body, receiving), response.headers['content-encoding'], url)
          } catch (error) {
            throw failed(error)
          } finally {
            receiving.waiting.end()
          }
        },
        discard: () => response.body.dump().catch(() => undefined),
      }
    } catch (error) {
      const isHopeful = isUntrusted(error) && !mayBeInsecure(url.host)
      if (isHopeful && !widened && (await dispatchers.widen(url))) return sendOnce(request)
      throw failed(error)
    } finally {
      endSpan()
      sending.waiting.end()
    }
  }

  const resolve: Transport['resolve'] = (location, from, what) => {
    const where = describeUrl(from)
    const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined
    if (!target || !['http:', 'https:'].includes(target.protocol)) {
      throw registryFailure(`The registry ${what} what is no address`, where)
    }
    const isDowngrade = from.protocol === 'https:' && target.protocol === 'http:'
    const isAllowed = mayBeInsecure(from.host) && mayBeInsecure(target.host) && from.host !== target.host
    if (!isDowngrade || isAllowed) return target
    throw registryFailure(
      `The registry ${what} an address without TLS`,
      where,
      describeUrl(target),
      from.hostname === target.hostname
        ? 'whoever runs it: let the proxy before it send X-Forwarded-Proto, or give relative addresses (distribution: http.relativeurls)'
        : undefined,
    )
  }

  const send = async (first: HttpRequest): Promise<HttpResponse> => {
    let request = first
    for (let followed = 0; ; followed++) {
      const response = await sendOnce(request)
      const { location } = response.headers
      if (!redirects.includes(response.status) || location === undefined) return response
      await response.discard()
      const where = describeUrl(request.url)
      const target = resolve(location, request.url, 'redirects to')
      if (followed === maximumRedirects) throw registryFailure('The registry redirects in a circle', where)
      if (request.isSecret && (request.url.origin !== target.origin || response.status < 307)) {
        throw registryFailure('The token server redirects a login', where, describeUrl(target))
      }
      if (['POST', 'PUT', 'PATCH'].includes(request.method) && response.status < 307) {
        throw registryFailure('The registry redirects an upload', where)
      }
      request = { ...request, url: target, headers: headersFor(request, target) }
    }
  }

  const bases = new Map<string, Promise<string>>()
  const findBase = async (registry: string): Promise<string> => {
    if (registry === 'docker.io') return 'https://registry-1.docker.io'
    const secure = `https://${registry}`
    if (!mayBeInsecure(registry)) return secure
    try {
      const response = await sendOnce({ method: 'GET', url: new URL(`${secure}/v2/`) })
      await response.discard()
      return secure
    } catch (error) {
      if (signal?.aborted) throw error
      return `http://${registry}`
    }
  }

  return {
    send,
    baseUrl(registry) {
      const base = bases.get(registry) ?? findBase(registry)
      bases.set(registry, base)
      return base
    },
    resolve,
    mayBeInsecure,
    close: () => dispatchers.close(),
  }
}

/** Watches over one direction of a transfer. */
interface Watch {
  readonly note: (bytes: number, waited: number) => void
  readonly waiting: Waiting
}

/** Bytes that are handed to a connection at once: small, so that a slow one is seen to move. */
const pieceSize = 64 * 1024

/** Notes what a source throws. */
async function* noting(chunks: AsyncIterable<Uint8Array>, thrown: { error?: unknown }) {
  try {
    yield* chunks
  } catch (error) {
    thrown.error = error
    throw error
  }
}

async function* paced(chunks: AsyncIterable<Uint8Array>, { note, waiting }: Watch) {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += pieceSize) {
      const piece = chunk.subarray(at, at + pieceSize)
      const given = performance.now()
      yield piece
      waiting.moved()
      note(piece.length, performance.now() - given)
    }
  }
}

/** What comes, with the time that it is waited for; a reader that takes its time with it is not the registry's fault. */
async function* watched(chunks: AsyncIterable<Uint8Array>, { note, waiting }: Watch) {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const asked = performance.now()
      waiting.moved()
      const next = await iterator.next()
      if (next.done) return
      note(next.value.length, performance.now() - asked)
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

/** The body as text, as much of it as `limit` bytes. */
export async function readBody(response: HttpResponse, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.stream()) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= limit) break
  }
  return Buffer.concat(chunks).subarray(0, limit).toString()
}

/** An address for people: without its query, which may hold a token. */
export function describeUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}

/** Credentials are for one origin: scheme, host and port. */
function headersFor({ url, headers = {} }: HttpRequest, target: URL): Record<string, string> {
  if (url.origin === target.origin) return headers
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  )
}
