import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** Something that goes wrong for the requests that match. The first fault that matches, and has turns left, happens. */
export interface Fault {
  readonly method?: string
  /** Matched against the path with its query. */
  readonly path?: RegExp
  /** How often it happens; default once. */
  readonly times?: number
  /** How many matching requests pass before it begins. */
  readonly after?: number
  /** An answer instead of the right one. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** The connection is reset after so many bytes of the request's body were received; 0 at once. */
  readonly resetAfterReceiving?: number
  /** The connection is reset after so many bytes of the right answer's body were sent. */
  readonly resetAfterSending?: number
  /** The right answer, with its body changed (its digest header is not). */
  readonly change?: (body: Buffer) => Buffer
  /** Anything else. */
  readonly respond?: (request: IncomingMessage, response: ServerResponse) => void
}

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly range: string | undefined
  /** The client's port: equal for the requests of one connection. */
  readonly port: number | undefined
}

export interface RegistryOptions {
  /** Asks for a log-in: with a token of the registry's own token server, or with user and password at once. */
  readonly auth?: {
    readonly type: 'token' | 'basic'
    readonly user?: string
    readonly password?: string
    /** How many requests a token serves before it has expired. */
    readonly tokenUses?: number
    /** The WWW-Authenticate header, instead of the right one. */
    readonly challenge?: string | null
  }
  readonly faults?: readonly Fault[]
  /** Whether blobs are mounted from other repositories. Default true. */
  readonly mounts?: boolean
  /** Whether ranges of blobs are served. Default true. */
  readonly ranges?: boolean
  /** Whether what came of a broken upload is kept, and said when it is asked for. Default false. */
  readonly resumes?: boolean
}

interface StoredManifest {
  readonly mediaType: string
  readonly bytes: Buffer
}

/** A registry in memory on loopback, right but for the faults that it is told. */
export interface FaultRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly requests: readonly RecordedRequest[]
  /** Open connections. */
  readonly connections: ReadonlySet<Socket>
  fault(...faults: readonly Fault[]): void
  /** Stores a blob without a request; gives its descriptor. */
  addBlob(repository: string, bytes: Uint8Array): { digest: string; size: number }
  /** Stores a manifest without a request, under its digest and a tag or another name for it. */
  addManifest(
    repository: string,
    mediaType: string,
    content: object | Uint8Array,
    name?: string,
  ): { mediaType: string; digest: string; size: number }
  blob(repository: string, digest: string): Buffer | undefined
  manifest(repository: string, name: string): StoredManifest | undefined
  deleteManifest(repository: string, name: string): void
  close(): Promise<void>
}

export const sha256 = (bytes: Uint8Array | string) =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Starts a registry on a free port of 127.0.0.1. */
export async function startFaultRegistry(options: RegistryOptions = {}): Promise<FaultRegistry> {
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, StoredManifest>()
  const uploads = new Map<string, Buffer>()
  const tokens = new Map<string, { uses: number; scopes: string[] }>()
  const requests: RecordedRequest[] = []
  const faults: { fault: Fault; left: number; skip: number }[] = []
  const connections = new Set<Socket>()
  let counter = 0

  const addFaults = (...added: readonly Fault[]) => {
    for (const fault of added) faults.push({ fault, left: fault.times ?? 1, skip: fault.after ?? 0 })
  }
  addFaults(...(options.faults ?? []))

  const takeFault = (request: IncomingMessage): Fault | undefined => {
    for (const entry of faults) {
      const { fault } = entry
      if (fault.method !== undefined && fault.method !== request.method) continue
      if (fault.path !== undefined && !fault.path.test(request.url ?? '')) continue
      if (entry.left === 0) continue
      if (entry.skip > 0) {
        entry.skip--
        continue
      }
      entry.left--
      return fault
    }
    return undefined
  }

  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request
    requests.push({
      method,
      path,
      authorization: headers.authorization,
      range: headers.range,
      port: request.socket.remotePort,
    })
    handle(request, response).catch(error => {
      if (!response.headersSent) response.writeHead(500)
      response.end(String(error))
    })
  })
  server.on('connection', socket => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const fault = takeFault(request)
    if (fault?.respond) return fault.respond(request, response)
    if (fault?.resetAfterReceiving !== undefined) {
      const part = await receive(request, fault.resetAfterReceiving)
      const [, id = ''] = /\/uploads\/(upload-\d+)\?/.exec(request.url ?? '') ?? []
      const before = options.resumes ? uploads.get(id) : undefined
      if (before) uploads.set(id, Buffer.concat([before, part]))
      else uploads.delete(id)
      return request.socket.resetAndDestroy()
    }
    if (fault?.status !== undefined) {
      await receive(request)
      return answer(request, response, fault.status, fault.headers, fault.body)
    }
    const { pathname, searchParams } = new URL(request.url ?? '', `http://${host}`)
    if (pathname === '/token') return giveToken(request, response, searchParams)
    const match = /^\/v2\/(?:(?<name>.+)\/(?<kind>manifests|blobs)\/(?<rest>.*))?$/.exec(pathname)
    const { name = '', kind, rest = '' } = match?.groups ?? {}
    if (!match) return answer(request, response, 404)
    if (!isAuthorized(request, name)) return challenge(request, response, name)
    if (kind === undefined) return answer(request, response, 200, {}, '{}')
    const send = (status: number, headers: Record<string, string>, body: Buffer) => {
      const changed = fault?.change ? fault.change(body) : body
      return answer(request, response, status, headers, changed, fault?.resetAfterSending)
    }
    if (kind === 'manifests') return handleManifest(request, response, name, rest, send)
    if (rest.startsWith('uploads/')) return handleUpload(request, response, name, rest, searchParams)
    const blob = blobs.get(`${name}/${rest}`)
    if (!blob) return notFound(request, response, 'BLOB_UNKNOWN')
    const range =
      options.ranges === false ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
    const type = { 'content-type': 'application/octet-stream', 'docker-content-digest': rest }
    if (range === undefined) return send(200, type, blob)
    const part = blob.subarray(Number(range))
    return send(206, { ...type, 'content-range': `bytes ${range}-${blob.length - 1}/${blob.length}` }, part)
  }

  async function handleManifest(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    reference: string,
    send: (status: number, headers: Record<string, string>, body: Buffer) => void,
  ) {
    if (request.method === 'PUT') {
      const bytes = await receive(request)
      const digest = sha256(bytes)
      const stored = { mediaType: request.headers['content-type'] ?? '', bytes }
      manifests.set(`${name}/${digest}`, stored)
      manifests.set(`${name}/${reference}`, stored)
      return answer(request, response, 201, { 'docker-content-digest': digest })
    }
    const manifest = manifests.get(`${name}/${reference}`)
    if (!manifest) return notFound(request, response, 'MANIFEST_UNKNOWN')
    const { mediaType, bytes } = manifest
    return send(200, { 'content-type': mediaType, 'docker-content-digest': sha256(bytes) }, bytes)
  }

  async function handleUpload(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    rest: string,
    query: URLSearchParams,
  ) {
    const bytes = await receive(request)
    if (request.method === 'POST') {
      const mounted = blobs.get(`${query.get('from')}/${query.get('mount')}`)
      if (mounted && options.mounts !== false) {
        blobs.set(`${name}/${query.get('mount')}`, mounted)
        return answer(request, response, 201)
      }
      const id = `upload-${++counter}`
      uploads.set(id, Buffer.alloc(0))
      return answer(request, response, 202, { location: `/v2/${name}/blobs/uploads/${id}?_state=a%3Db%2Bc` })
    }
    const id = rest.slice('uploads/'.length)
    const before = uploads.get(id)
    if (!before || query.get('_state') !== 'a=b+c') return notFound(request, response, 'BLOB_UPLOAD_UNKNOWN')
    const all = Buffer.concat([before, bytes])
    const state = { location: request.url ?? '', range: `0-${Math.max(0, all.length - 1)}` }
    if (request.method === 'GET') return answer(request, response, 204, state)
    if (request.method === 'PATCH') {
      if (request.headers['content-range'] !== `${before.length}-${all.length - 1}`) {
        return answer(request, response, 416, {}, errors('RANGE_INVALID', 'not where it goes on'))
      }
      uploads.set(id, all)
      return answer(request, response, 202, state)
    }
    uploads.delete(id)
    const digest = query.get('digest') ?? ''
    if (sha256(all) !== digest) {
      return answer(
        request,
        response,
        400,
        {},
        errors('DIGEST_INVALID', 'provided digest did not match uploaded content'),
      )
    }
    blobs.set(`${name}/${digest}`, all)
    return answer(request, response, 201, {
      location: `/v2/${name}/blobs/${digest}`,
      'docker-content-digest': digest,
    })
  }

  function isAuthorized(request: IncomingMessage, name: string): boolean {
    const { auth } = options
    if (!auth) return true
    const [, scheme, value = ''] = /^(\w+) (.*)$/.exec(request.headers.authorization ?? '') ?? []
    if (auth.type === 'basic') return scheme === 'Basic' && isUser(value)
    const token = scheme === 'Bearer' ? tokens.get(value) : undefined
    if (!token || token.uses-- <= 0) return false
    const action = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'push'
    return (
      name === '' ||
      token.scopes.some(scope => scope.startsWith(`repository:${name}:`) && scope.includes(action))
    )
  }

  function isUser(encoded: string): boolean {
    return Buffer.from(encoded, 'base64').toString() === `${options.auth?.user}:${options.auth?.password}`
  }

  async function challenge(request: IncomingMessage, response: ServerResponse, name: string) {
    await receive(request)
    const right =
      options.auth?.type === 'basic'
        ? 'Basic realm="registry"'
        : `Bearer realm="http://${host}/token",service="registry",scope="repository:${name}:pull"`
    const header = options.auth?.challenge === undefined ? right : options.auth.challenge
    const headers = header === null ? {} : { 'www-authenticate': header }
    return answer(request, response, 401, headers, errors('UNAUTHORIZED', 'authentication required'))
  }

  async function giveToken(request: IncomingMessage, response: ServerResponse, query: URLSearchParams) {
    const form = new URLSearchParams((await receive(request)).toString())
    const [, value] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? []
    const known =
      form.get('refresh_token') === options.auth?.password || (value !== undefined && isUser(value))
    if (options.auth?.user !== undefined && !known) return answer(request, response, 401)
    const token = `token-${++counter}`
    const scopes = form.has('scope') ? (form.get('scope') ?? '').split(' ') : query.getAll('scope')
    tokens.set(token, { uses: options.auth?.tokenUses ?? Number.POSITIVE_INFINITY, scopes })
    return answer(request, response, 200, {}, JSON.stringify({ token, expires_in: 300 }))
  }

  return {
    host,
    requests,
    connections,
    fault: addFaults,
    addBlob(repository, bytes) {
      const digest = sha256(bytes)
      blobs.set(`${repository}/${digest}`, Buffer.from(bytes))
      return { digest, size: bytes.length }
    },
    addManifest(repository, mediaType, content, name) {
      const bytes = Buffer.from(content instanceof Uint8Array ? content : JSON.stringify(content))
      const digest = sha256(bytes)
      manifests.set(`${repository}/${digest}`, { mediaType, bytes })
      if (name !== undefined) manifests.set(`${repository}/${name}`, { mediaType, bytes })
      return { mediaType, digest, size: bytes.length }
    },
    blob: (repository, digest) => blobs.get(`${repository}/${digest}`),
    manifest: (repository, name) => manifests.get(`${repository}/${name}`),
    deleteManifest: (repository, name) => manifests.delete(`${repository}/${name}`),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Reads a request's body, all of it or until `limit` bytes have come. */
async function receive(request: IncomingMessage, limit = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  if (limit === 0) return Buffer.alloc(0)
  // not `for await`, which would end the connection politely when left early
  return new Promise((resolve, reject) => {
    const done = () => resolve(Buffer.concat(chunks))
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length >= limit) done()
    })
    request.on('end', done)
    request.on('error', reject)
  })
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
  resetAfter?: number,
) {
  const bytes = Buffer.from(body)
  response.writeHead(status, { 'content-length': String(bytes.length), ...headers })
  if (resetAfter === undefined) return void response.end(request.method === 'HEAD' ? undefined : bytes)
  response.write(bytes.subarray(0, resetAfter), () => {
    // what was written shall arrive before the reset, which would overtake it
    setTimeout(() => request.socket.resetAndDestroy(), 50)
  })
}

function notFound(request: IncomingMessage, response: ServerResponse, code: string) {
  return answer(request, response, 404, {}, errors(code, 'unknown'))
}

function errors(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] })
}
