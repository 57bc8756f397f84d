import { isLoopback } from '../oci/reference.ts'
import { printable } from '../util/printable.ts'
import type { Credentials } from './credentials.ts'
import { loginRequired, registryFailure, statusFailure } from './failures.ts'
import { TransientError } from './retry.ts'
import { describeUrl, type HttpResponse, readBody, type Transport } from './transport.ts'

/** What a request is about: `repository:team/app:pull,push`. */
export type Scope = string

/** Finds the Authorization header of requests (distribution spec: "token" and "oauth" of the auth specification). */
export interface Authenticator {
  /** The header that earlier answers make likely to be wanted; undefined before the first 401. */
  header(registry: string, scopes: readonly Scope[]): Promise<string | undefined>
  /**
   * The header that answers a 401.
   * @param rejected the header that the refused request had: it is not given again
   * @throws {Failure} registry, when there are no credentials, they are refused, or the challenge makes no sense
   */
  answer(
    registry: string,
    scopes: readonly Scope[],
    response: HttpResponse,
    rejected: string | undefined,
  ): Promise<string>
}

/** One challenge of a WWW-Authenticate header. */
export interface Challenge {
  /** Lower-case: `bearer` or `basic`. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

interface Token {
  readonly header: string
  /** Milliseconds since 1970. */
  readonly expires: number
}

/** Seconds that a token lives where its server does not say. */
const defaultLifetime = 60
const maximumAnswer = 1024 * 1024

/** @param findCredentials asked once per repository, and only when it requires a login or gives tokens */
export function createAuthenticator(
  transport: Transport,
  findCredentials: (registry: string, repository?: string) => Promise<Credentials | undefined>,
): Authenticator {
  const challenges = new Map<string, Challenge>()
  const tokens = new Map<string, Promise<Token>>()
  const credentials = new Map<string, Promise<Credentials | undefined>>()

  const credentialsOf = (registry: string, [scope = '']: readonly Scope[]) => {
    const [, repository] = scope.split(':')
    const key = `${registry}/${repository}`
    const found = credentials.get(key) ?? findCredentials(registry, repository)
    credentials.set(key, found)
    return found
  }

  const newToken = (registry: string, scopes: readonly Scope[], challenge: Challenge): Promise<Token> =>
    credentialsOf(registry, scopes).then(known =>
      challenge.scheme === 'basic'
        ? basicToken(known, registry)
        : fetchToken(transport, { registry, scopes, challenge, credentials: known }),
    )

  /** A token that lives and was not rejected; requests that need the same one at once share it. */
  const obtain = async (
    registry: string,
    scopes: readonly Scope[],
    challenge: Challenge,
    rejected?: string,
  ): Promise<string> => {
    const key = [registry, ...scopes].join(' ')
    const before = tokens.get(key)
    const known = await before
    if (known && known.header !== rejected && known.expires > Date.now()) return known.header
    if (tokens.get(key) !== before) return obtain(registry, scopes, challenge, rejected)
    const token = newToken(registry, scopes, challenge)
    tokens.set(key, token)
    token.catch(() => tokens.delete(key))
    return (await token).header
  }

  return {
    async header(registry, scopes) {
      const challenge = challenges.get(registry)
      return challenge && obtain(registry, scopes, challenge)
    },
    async answer(registry, scopes, response, rejected) {
      const challenge = chooseChallenge(response, registry)
      challenges.set(registry, challenge)
      return obtain(registry, scopes, challenge, rejected)
    },
  }
}

/**
 * The challenges of a WWW-Authenticate header (RFC 9110, 11.6.1), or undefined where it does not follow the grammar.
 */
export function parseChallenges(header: string): Challenge[] | undefined {
  const item = /([a-z][\w-]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?[\s,]*/giy
  const found: { scheme: string; parameters: Record<string, string> }[] = []
  while (item.lastIndex < header.length) {
    const match = item.exec(header)
    if (!match) return undefined
    const [, name = '', quoted, plain] = match
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain
    if (value === undefined) found.push({ scheme: name.toLowerCase(), parameters: {} })
    else {
      const last = found.at(-1)
      if (!last) return undefined
      last.parameters[name.toLowerCase()] = value
    }
  }
  return found
}

function chooseChallenge({ headers, url }: HttpResponse, registry: string): Challenge {
  const header = headers['www-authenticate']
  const known = header === undefined ? [] : (parseChallenges(header) ?? [])
  const chosen =
    known.find(({ scheme, parameters }) => scheme === 'bearer' && realmOf(parameters) !== undefined) ??
    known.find(({ scheme }) => scheme === 'basic')
  if (chosen) return chosen
  throw registryFailure(
    'The registry requires a login, but does not say how',
    describeUrl(url),
    header === undefined
      ? 'its answer 401 has no WWW-Authenticate header'
      : `its WWW-Authenticate header names no usable realm: ${printable(header)}`,
    `check that ${registry} is a registry, and which proxy is between it and this machine`,
  )
}

function realmOf({ realm }: Challenge['parameters']): URL | undefined {
  if (realm === undefined || !URL.canParse(realm)) return undefined
  const url = new URL(realm)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined
}

function basicToken(credentials: Credentials | undefined, registry: string): Token {
  if (!credentials || !('password' in credentials)) {
    const why = credentials
      ? 'a token is stored for it, and it requires a password'
      : 'nobody is logged in to it here'
    throw loginRequired(registry, why, `docker login ${registry}`)
  }
  return { header: basic(credentials), expires: Number.POSITIVE_INFINITY }
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

interface TokenRequest {
  readonly registry: string
  readonly scopes: readonly Scope[]
  readonly challenge: Challenge
  readonly credentials: Credentials | undefined
}

/** Asks a token server: with GET as everybody, or as a user with a password; with POST for an identity token. */
async function fetchToken(
  transport: Transport,
  { registry, scopes, challenge, credentials }: TokenRequest,
): Promise<Token> {
  if (credentials && 'registryToken' in credentials) {
    return { header: `Bearer ${credentials.registryToken}`, expires: Number.POSITIVE_INFINITY }
  }
  const url = realmOf(challenge.parameters) as URL
  const where = describeUrl(url)
  checkRealm(transport, registry, url)
  const { service } = challenge.parameters
  const query = new URLSearchParams(service === undefined ? [] : [['service', service]])
  for (const scope of scopes) query.append('scope', scope)

  let response: HttpResponse
  if (credentials && 'identityToken' in credentials) {
    // OAuth2 has one scope parameter, its values separated by spaces.
    query.set('scope', scopes.join(' '))
    query.set('grant_type', 'refresh_token')
    query.set('client_id', 'xbuild')
    query.set('refresh_token', credentials.identityToken)
    response = await transport.send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: query.toString(),
      isSecret: true,
    })
  } else {
    for (const [name, value] of query) url.searchParams.append(name, value)
    response = await transport.send({
      method: 'GET',
      url,
      headers: credentials ? { authorization: basic(credentials) } : {},
    })
  }
  const body = await readBody(response, maximumAnswer)
  if (response.status === 200) return readToken(body, where)
  const failure = statusFailure(response.status, body, where, registry)
  throw response.status >= 500 || response.status === 429 ? new TransientError(failure) : failure
}

/**
 * A token server without TLS is asked only where its registry may go without: whoever listens would have the password, or
 * the token. One elsewhere is asked so only for a registry that was named as insecure.
 */
function checkRealm({ mayBeInsecure }: Transport, registry: string, url: URL): void {
  const isTrusted = mayBeInsecure(url.host) || (mayBeInsecure(registry) && !isLoopback(registry))
  if (url.protocol === 'https:' || isTrusted) return
  throw registryFailure(
    'The registry asks for a login without TLS',
    describeUrl(url),
    `the realm of ${registry} begins with http:`,
    `--insecure-registry ${url.host}, where everything between it and this machine is trusted`,
  )
}

function readToken(body: string, where: string): Token {
  let answer: Record<string, unknown> = {}
  try {
    answer = Object(JSON.parse(body)) as Record<string, unknown>
  } catch {
    // said below
  }
  const token = answer.token || answer.access_token
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw registryFailure('The token server of the registry gave no token', where)
  }
  const lifetime =
    typeof answer.expires_in === 'number' && answer.expires_in > 0 ? answer.expires_in : defaultLifetime
  return { header: `Bearer ${token}`, expires: Date.now() + lifetime * 1000 }
}
