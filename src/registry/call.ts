import type { Reference } from '../oci/reference.ts'
import { createAuthenticator } from './auth.ts'
import { type Credentials, findCredentials } from './credentials.ts'
import { statusFailure } from './failures.ts'
import {
  defaultRetryPolicy,
  parseRetryAfter,
  type RetryPolicy,
  retrying,
  startRetrying,
  TransientError,
} from './retry.ts'
import {
  createTransport,
  describeUrl,
  type HttpRequest,
  type HttpResponse,
  type RequestBody,
  readBody,
  type Transport,
  type TransportOptions,
} from './transport.ts'

/** A repository: a reference's registry and path. */
export type Repository = Pick<Reference, 'registry' | 'repository'>

/** A request to a repository, before it has an address and a login. */
export interface Call {
  readonly method: HttpRequest['method']
  readonly repository: Repository
  /** The path after /v2/NAME/, or the address that the registry gave for an upload. */
  readonly target: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** Whether it writes. */
  readonly push?: boolean
  /** Another repository that it reads. */
  readonly from?: string
  /** Statuses that are an answer; any other is a failure. */
  readonly expect: readonly number[]
}

export interface CallerOptions extends TransportOptions {
  readonly retry?: Partial<RetryPolicy> | undefined
  /** Default: those that `docker login` or `podman login` stored. */
  readonly findCredentials?:
    | ((registry: string, repository?: string) => Promise<Credentials | undefined>)
    | undefined
}

/** Makes calls to registries: logged in where they ask for it, and tried again where that may help. */
export interface Caller {
  /** One attempt. @throws {TransientError} when another may succeed; {Failure} registry, when not */
  once(call: Call): Promise<HttpResponse>
  /** As many attempts as the policy grants, each with what is done with its answer. */
  retrying<T>(attempt: (count: number) => Promise<T>): Promise<T>
  /** Counts the attempts of an operation that does not begin anew (retry.ts). */
  startRetrying(): (error: TransientError) => Promise<void>
  /** The Authorization header that writing to a repository has by now; undefined before the registry asked for one. */
  writeHeader(repository: Repository): Promise<string | undefined>
  /** An address that a registry named (transport.ts). */
  resolve: Transport['resolve']
  close(): Promise<void>
}

export function createCaller(options: CallerOptions): Caller {
  const { signal, env = process.env } = options
  const answers = new Map()
  const policy: RetryPolicy = { ...defaultRetryPolicy, ...options.retry }
  const transport = createTransport(options)
  const authenticator = createAuthenticator(
    transport,
    options.findCredentials ??
      ((registry, repository) => findCredentials(registry, { signal, env, answers }, repository)),
  )

  const once = async ({ repository, target, expect, push, from, ...request }: Call) => {
    const { registry } = repository
    const base = await transport.baseUrl(registry)
    const url = new URL(typeof target === 'string' ? `${base}/v2/${repository.repository}/${target}` : target)
    // An upload's address may be on another host, which must not see the login.
    const isOwn = url.origin === new URL(base).origin
    const scopes = [
      push ? writeScope(repository) : `repository:${repository.repository}:pull`,
      ...(from === undefined ? [] : [`repository:${from}:pull`]),
    ]
    const send = (authorization: string | undefined) => {
      const headers = { ...request.headers, ...(authorization !== undefined && { authorization }) }
      return transport.send({ ...request, url, headers })
    }

    const known = isOwn ? await authenticator.header(registry, scopes) : undefined
    let response = await send(known)
    if (response.status === 401 && isOwn && response.url.origin === url.origin) {
      await response.discard()
      response = await send(await authenticator.answer(registry, scopes, response, known))
    }
    const { status, headers } = response
    if (expect.includes(status)) return response

    const where = `${request.method} ${describeUrl(response.url)}`
    const body = await readBody(response, 64 * 1024)
    const failure = statusFailure(status, body, where, registry)
    const mayPass = status === 408 || status === 429 || (status >= 500 && status !== 501)
    throw mayPass ? new TransientError(failure, parseRetryAfter(headers['retry-after'])) : failure
  }

  return {
    once,
    retrying: attempt => retrying(policy, signal, attempt),
    startRetrying: () => startRetrying(policy, signal),
    writeHeader: repository => authenticator.header(repository.registry, [writeScope(repository)]),
    resolve: transport.resolve,
    close: () => transport.close(),
  }
}

function writeScope({ repository }: Repository): string {
  return `repository:${repository}:pull,push`
}
