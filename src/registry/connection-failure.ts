import { type Failure, isFailure } from '../errors.ts'
import { printable } from '../util/printable.ts'
import { registryFailure } from './failures.ts'
import { TransientError } from './retry.ts'

/** Error codes of a connection that broke, or over which nothing came, and why in words. */
const transient: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was reset',
  ECONNABORTED: 'the connection was aborted',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
  EAI_AGAIN: 'the name server did not answer',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'nothing answered in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut short',
  HPE_INVALID_EOF_STATE: 'the answer was cut short',
}

/**
 * Attempts for what will hardly pass: what a machine without a network says at each attempt, where a cache may serve and
 * should not be waited for, and what took a whole deadline.
 */
const fewAttempts: Readonly<Record<string, number>> = {
  EAI_AGAIN: 3,
  ETIMEDOUT: 2,
  UND_ERR_CONNECT_TIMEOUT: 2,
  UND_ERR_HEADERS_TIMEOUT: 2,
  UND_ERR_BODY_TIMEOUT: 3,
}

const hopeless: Readonly<Record<string, readonly [why: string, fix: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'start the registry, or check its host and port'],
  ENOTFOUND: ['there is no such host', 'check the name; behind a proxy, set HTTPS_PROXY'],
  EHOSTUNREACH: ['there is no route to it', 'check the network; behind a proxy, set HTTPS_PROXY'],
  ENETUNREACH: ['there is no network', 'check the network; behind a proxy, set HTTPS_PROXY'],
}

/** What says that the proxy itself cannot be reached: with a proxy, no other connection is made. */
const deadProxy = [...Object.keys(hopeless), 'EAI_AGAIN', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']

/** Whether an error means that nobody who is trusted vouches for the peer's certificate. */
export function isUntrusted(error: unknown): boolean {
  const name = codeOf(error)
  return !/^UND_ERR/.test(name) && /CERT|ERR_TLS|UNABLE_TO|ISSUER/.test(name)
}

/**
 * What an error of a connection means: a TransientError where another attempt may succeed, a Failure where it cannot;
 * anything else as it is.
 * @param proxy what the connection went through
 */
export function connectionFailure(error: unknown, url: URL, proxy?: URL): unknown {
  if (isFailure(error) || error instanceof TransientError) return error
  const { message = '' } = error as { message?: string }
  const name = codeOf(error)
  const failure = (why: string, fix?: string): Failure =>
    registryFailure('The registry cannot be reached', url.host, why, fix, error)
  if (proxy) {
    const fault = proxyFailure(name, message, url, proxy, error)
    if (fault) return fault
  }

  const why = transient[name]
  if (why) {
    const through = proxy ? `, through the proxy ${proxy.host}` : ''
    return new TransientError(
      failure(`${why}${through}`, 'check the network, or try again later'),
      undefined,
      fewAttempts[name],
    )
  }
  const [reason, fix] = hopeless[name] ?? []
  if (reason) return failure(reason, fix)
  if (/EPROTO|SSL|WRONG_VERSION/.test(name)) {
    return failure(
      'it speaks no TLS, which only a registry on this machine may do without',
      `--insecure-registry ${url.host}, where everything between it and this machine is trusted`,
    )
  }
  if (isUntrusted(error)) {
    return failure(
      `its certificate is not trusted (${name})`,
      `SSL_CERT_FILE=/path/to/ca.pem or ~/.docker/certs.d/${url.host}/ca.crt, where the registry has an authority of its own\nor --insecure-registry ${url.host}`,
    )
  }
  if (/^HPE_|^UND_ERR_(INFO|NOT_SUPPORTED|RES_)/.test(name)) {
    return failure(
      `what answers there speaks no HTTP (${printable(message)})`,
      'check the host and the port: a registry listens on 443 or 5000 as a rule',
    )
  }
  if (/^(UND_ERR|E[A-Z]|ERR_)/.test(name)) return failure(printable(`${message} (${name})`))
  return error
}

/** undici keeps the code of what a connection ended with in a cause. */
function codeOf(error: unknown): string {
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown }; name?: unknown }
  // Its parser has not always a code.
  return String(code ?? cause?.code ?? (name === 'HTTPParserError' ? 'HPE_UNKNOWN' : ''))
}

function proxyFailure(name: string, message: string, url: URL, proxy: URL, cause: unknown): unknown {
  const where = `${proxy.protocol}//${proxy.host}`
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const failure = (why: string, fix: string) =>
    registryFailure(`The proxy to ${url.host} cannot be used`, where, why, fix, cause)
  const around = `correct ${variable}, or add ${url.hostname} to NO_PROXY where it is reached without a proxy`
  if (deadProxy.includes(name)) {
    const why = hopeless[name]?.[0] ?? transient[name] ?? name
    const dead = failure(why, around)
    return name in fewAttempts ? new TransientError(dead, undefined, 2) : dead
  }
  const [, status] = /Proxy (?:response|Authentication Required) \((\d+)\)/.exec(message) ?? []
  if (status === '407') {
    return failure('it requires a login (407)', `${variable}=http://USER:PASSWORD@${proxy.host}`)
  }
  if (status) {
    const refused = failure(`it refuses the connection: ${status}`, around)
    return Number(status) >= 500 ? new TransientError(refused, undefined, 3) : refused
  }
  if (/^HPE_/.test(name)) return failure('what answers there is no HTTP proxy', around)
  if ((cause as { ofProxy?: boolean }).ofProxy && isUntrusted(cause)) {
    return failure(`its certificate is not trusted (${name})`, 'SSL_CERT_FILE=/path/to/ca.pem')
  }
  if (name === 'UND_ERR_PRX_TLS') return failure('its certificate is for another name', around)
  return undefined
}
