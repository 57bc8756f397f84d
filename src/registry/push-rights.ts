import type { Repository } from './call.ts'

/** Whether somebody may push: `unknown` where only a push would tell, because the registry hands out no readable token. */
export type PushRights = 'granted' | 'unknown'

interface Grant {
  readonly type?: unknown
  readonly name?: unknown
  readonly actions?: unknown
}

/**
 * What an Authorization header that was asked for with the scope `pull,push` allows; undefined where it does not say. A
 * token server grants what it can of a scope and refuses nothing, so the rights are in the token: the claim `access` of a
 * JWT (distribution/distribution docs/spec/auth/jwt.md).
 */
export function allowsPush(header: string | undefined, { repository }: Repository): boolean | undefined {
  const [, payload] = /^Bearer [\w-]+\.([\w-]+)\.[\w-]*$/.exec(header ?? '') ?? []
  if (payload === undefined) return undefined
  let access: unknown
  try {
    access = Object(JSON.parse(Buffer.from(payload, 'base64url').toString())).access
  } catch {
    return undefined
  }
  if (!Array.isArray(access)) return undefined
  const own = (access as Grant[]).filter(grant => grant?.type === 'repository' && grant.name === repository)
  const actions = own.flatMap(({ actions: given }) => (Array.isArray(given) ? given : []))
  return actions.includes('push') || actions.includes('*')
}
