import { type Failure, isFailure } from '../errors.ts'
import { printable, registryFailure } from './failures.ts'
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

const hopeless: Readonly<Record<string, readonly [why: string, fix: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'start the registry, or check its host and port'],
  ENOTFOUND: ['there is no such host', 'check the name; behind a proxy, set HTTPS_PROXY'],
  EHOSTUNREACH: ['there is no route to it', 'check the network; behind a proxy, set HTTPS_PROXY'],
  ENETUNREACH: ['there is no network', 'check the network; behind a proxy, set HTTPS_PROXY'],
}

/**
 * What an error of a connection means: a TransientError where another attempt may succeed, a Failure where it cannot;
 * anything else, such as an error of the file that was being sent, as it is.
 */
export function connectionFailure(error: unknown, url: URL): unknown {
  if (isFailure(error) || error instanceof TransientError) return error
  const { code, cause, message } = error as { code?: unknown; cause?: { code?: unknown }; message?: string }
  const name = String(code ?? cause?.code ?? '')
  const failure = (why: string, fix?: string): Failure =>
    registryFailure('The registry cannot be reached', url.host, why, fix, error)

  const why = transient[name]
  if (why) {
    // What a machine without a network says at each attempt; a cache may serve there, and should not be waited for.
    const attempts = name === 'EAI_AGAIN' ? 3 : undefined
    return new TransientError(failure(why, 'check the network, or try again later'), undefined, attempts)
  }
  const [reason, fix] = hopeless[name] ?? []
  if (reason) return failure(reason, fix)
  if (/EPROTO|SSL|WRONG_VERSION/.test(name)) {
    return failure(
      'it speaks no TLS, which only a registry on this machine may do without',
      `--insecure-registry ${url.host}, where everything between it and this machine is trusted`,
    )
  }
  if (/CERT|ERR_TLS|UNABLE_TO|ISSUER/.test(name)) {
    return failure(
      `its certificate is not trusted (${name})`,
      `NODE_EXTRA_CA_CERTS=/path/to/ca.pem, where the registry has an authority of its own\nor --insecure-registry ${url.host}`,
    )
  }
  if (name.startsWith('UND_ERR') || name.startsWith('HPE_')) return failure(printable(`${message} (${name})`))
  return error
}
