import { Failure, isFailure } from '../errors.ts'
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

/** What a registry that lets nobody in, or not this account, is called; {@link isRefusal} knows them again. */
const refusals = {
  login: 'The registry requires a login',
  access: 'The registry refused access',
  push: 'The registry does not let this account push',
} as const

/** Whether a registry was reached and said no, which another way to it would not change. */
export function isRefusal(error: unknown): error is Failure {
  return isFailure(error, 'registry') && Object.values<string>(refusals).includes(error.what)
}

/** A registry that is read, or written to, by those only whom it knows. */
export function loginRequired(where: string, why: string, fix: string): Failure {
  return registryFailure(refusals.login, where, why, fix)
}

/** A registry that lets somebody in, but not push. */
export function mayNotPush(where: string, why: string, registry: string): Failure {
  const host = registry === 'docker.io' ? '' : ` ${registry}`
  const fix = `docker login${host}, with an account that may push there, or another --tag`
  return registryFailure(refusals.push, where, why, fix)
}

/** The failure that an HTTP status means (distribution spec, "Error Codes"). */
export function statusFailure(status: number, body: string, where: string, registry: string): Failure {
  const host = registry === 'docker.io' ? '' : ` ${registry}`
  const why = `${status}${explain(body)}`
  switch (status) {
    case 401:
      return loginRequired(where, why, `docker login${host}`)
    case 403:
      return registryFailure(
        refusals.access,
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
