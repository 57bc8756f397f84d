import { Failure } from '../errors.ts'
import { printable } from '../util/printable.ts'

/** A failure of the registry at `where`. */
export function registryFailure(
  what: string,
  where: string,
  why?: string,
  fix?: string,
  cause?: unknown,
): Failure {
  return new Failure({ kind: 'registry', what, where, why, fix, cause })
}

/** The failure that an HTTP status means (distribution spec, "Error Codes"). */
export function statusFailure(status: number, body: string, where: string, registry: string): Failure {
  const host = registry === 'docker.io' ? '' : ` ${registry}`
  const why = `${status}${explain(body)}`
  switch (status) {
    case 401:
      return registryFailure('The registry requires a login', where, why, `docker login${host}`)
    case 403:
      return registryFailure(
        'The registry refused access',
        where,
        why,
        `docker login${host} with an account that may use this repository`,
      )
    case 404:
      return registryFailure(
        'The registry does not know it',
        where,
        why,
        'check the name, or whether it exists',
      )
    case 413:
      return registryFailure('The registry takes no content of this size', where, why)
    case 429:
      return registryFailure(
        'The registry limits requests',
        where,
        why,
        `wait, or log in: docker login${host}`,
      )
    default:
      return registryFailure('The registry failed', where, why, status >= 500 ? 'try again later' : undefined)
  }
}

/** `code: message` of each error in the body, or its beginning where it is not JSON. */
function explain(body: string): string {
  try {
    const { errors } = JSON.parse(body) as { errors: { code?: unknown; message?: unknown }[] }
    const texts = errors.map(({ code, message }) => [code, message].filter(Boolean).join(': '))
    return texts.length > 0 ? `: ${printable(texts.join('; '))}` : ''
  } catch {
    return body.trim() === '' || body.trimStart().startsWith('<') ? '' : `: ${printable(body)}`
  }
}
