import type { Dispatcher } from 'undici'
import { interrupted } from '../errors.ts'
import { isLoopback } from '../oci/reference.ts'
import { connectionFailure } from './connection-failure.ts'
import { registryFailure } from './failures.ts'

/** A body that can be sent again: bytes, or a stream opened anew for each attempt, with its length in bytes. */
export type RequestBody =
  | Uint8Array
  | string
  | { readonly open: () => AsyncIterable<Uint8Array>; readonly length: number }

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody | undefined
}

/** An answer. Its body must be read or discarded, else its connection is not used again. */
export interface HttpResponse {
  readonly status: number
  /** By lower-case name; the values of a repeated header are joined by commas. */
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
  /** Ends every connection, so that the process can exit. */
  close(): Promise<void>
}

export interface TransportOptions {
  /** Hosts of registries that may go without TLS, or have a certificate nobody vouches for; those on this machine always may. */
  readonly insecure?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  /** Seconds without a byte after which an answer is given up. Default 120. */
  readonly timeout?: number | undefined
}

const maximumRedirects = 5
const redirects: readonly number[] = [301, 302, 303, 307, 308]

/**
 * HTTP with kept connections over undici, which is loaded at the first request. HTTP_PROXY, HTTPS_PROXY and NO_PROXY
 * apply, but never to this machine itself.
 */
export function createTransport({ insecure, signal, timeout = 120 }: TransportOptions): Transport {
  const mayBeInsecure = (host: string) => isLoopback(host) || insecure?.includes(host) === true
  const dispatchers = new Map<string, Promise<Dispatcher>>()
  const bases = new Map<string, Promise<string>>()

  /** One pool per kind of peer. */
  const dispatcherFor = (host: string): Promise<Dispatcher> => {
    const kind = isLoopback(host) ? 'loopback' : mayBeInsecure(host) ? 'insecure' : 'secure'
    const existing = dispatchers.get(kind)
    if (existing) return existing
    // `default`: bundled as a chunk of its own, a CommonJS package has no named exports
    const created = import('undici').then(({ default: { Agent, EnvHttpProxyAgent } }) => {
      const tls = kind === 'secure' ? {} : { rejectUnauthorized: false }
      const settings = {
        connect: { timeout: Math.min(timeout, 15) * 1000, ...tls },
        headersTimeout: timeout * 1000,
        bodyTimeout: timeout * 1000,
      }
      return kind === 'loopback'
        ? new Agent(settings)
        : new EnvHttpProxyAgent({ ...settings, requestTls: tls })
    })
    dispatchers.set(kind, created)
    return created
  }

  const failed = (error: unknown, url: URL) =>
    signal?.aborted ? interrupted() : connectionFailure(error, url)

  const sendOnce = async ({ method, url, headers, body }: HttpRequest): Promise<HttpResponse> => {
    if (signal?.aborted) throw interrupted()
    const stream = typeof body === 'object' && 'open' in body ? body : undefined
    try {
      const dispatcher = await dispatcherFor(url.host)
      const response = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        // undici would end the connection after each HEAD
        reset: false,
        headers: {
          'user-agent': 'xbuild',
          ...headers,
          ...(stream && { 'content-length': String(stream.length) }),
        },
        // undici takes any async iterable as a body; its type names Readable alone
        body: (stream ? stream.open() : (body ?? null)) as Uint8Array | string | null,
        signal: signal ?? null,
      })
      return {
        status: response.statusCode,
        headers: joinHeaders(response.headers),
        url,
        async *stream() {
          try {
            yield* response.body
          } catch (error) {
            throw failed(error, url)
          }
        },
        discard: () => response.body.dump().catch(() => undefined),
      }
    } catch (error) {
      throw failed(error, url)
    }
  }

  const send = async (first: HttpRequest): Promise<HttpResponse> => {
    let request = first
    for (let followed = 0; ; followed++) {
      const response = await sendOnce(request)
      const { location } = response.headers
      if (!redirects.includes(response.status) || location === undefined) return response
      await response.discard()
      const where = describeUrl(request.url)
      const target = URL.canParse(location, request.url.href) ? new URL(location, request.url) : undefined
      if (!target || !['http:', 'https:'].includes(target.protocol)) {
        throw registryFailure('The registry redirects to what is no address', where)
      }
      if (followed === maximumRedirects) throw registryFailure('The registry redirects in a circle', where)
      if (request.method === 'POST' || request.method === 'PUT') {
        if (response.status < 307) throw registryFailure('The registry redirects an upload', where)
      }
      if (request.url.protocol === 'https:' && target.protocol === 'http:' && !mayBeInsecure(target.host)) {
        throw registryFailure('The registry redirects to an address without TLS', where, describeUrl(target))
      }
      request = { ...request, url: target, headers: headersFor(request, target) }
    }
  }

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
    async close() {
      const opened = await Promise.all(dispatchers.values())
      dispatchers.clear()
      await Promise.all(opened.map(dispatcher => dispatcher.destroy()))
    },
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

function joinHeaders(headers: Record<string, string | string[] | undefined>): HttpResponse['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}
