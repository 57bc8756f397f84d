import type { MadeUsers } from './runs.ts'

/** What becomes of USER: the value of [image] user, nothing, or what is in the way. */
export type UserChoice =
  | { readonly value: string; readonly says?: string }
  | { readonly covered: string }
  | { readonly problem: string }

/** Users that every distroless image has in its /etc/passwd. */
const inDistroless = new Set(['root', 'nonroot', 'nobody'])

/**
 * The user of the image for what USER says: a number is taken as it is, and a name that RUN made by its number.
 * @param ownBase whether the image keeps a base of its own, whose names xbuild looks up itself
 */
export function userOf(text: string, { users, groups }: MadeUsers, ownBase: boolean): UserChoice {
  const [user = '', group] = text.split(':')
  if (!ownBase && /^(?:nonroot|65532)(?::(?:nonroot|65532))?$/.test(text))
    return { covered: 'xbuild runs programs as nonroot (65532) by itself' }
  if (/^\d+(?::\d+)?$/.test(text)) return { value: text }
  if (users.has(user)) {
    const id = users.get(user)
    // Only a base that xbuild chooses, and scratch, have nonroot as their own user.
    if (id === undefined && ownBase)
      return { value: '65532:65532', says: `[image] user, nonroot (65532): RUN gives ${user} no number` }
    if (id === undefined)
      return { covered: `xbuild runs programs as nonroot (65532); ${user} is a user of this image alone` }
    const gid = groups.get(group ?? user) ?? (group !== undefined && /^\d+$/.test(group) ? group : id)
    return { value: `${id}:${gid}` }
  }
  if (/^\d+$/.test(user)) {
    const gid = groups.get(group ?? '')
    return { value: gid === undefined ? user : `${user}:${gid}` }
  }
  const known = inDistroless.has(user) && (group === undefined || group === user || /^\d+$/.test(group))
  if (known || ownBase) return { value: text }
  return { problem: `a distroless image has no user ${user}: write its number, UID:GID` }
}
