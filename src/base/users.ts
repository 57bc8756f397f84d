import type { BaseFamily } from '../types.ts'

/** The users of an image, and its groups: numbers by name. */
export interface KnownUsers {
  readonly users: ReadonlyMap<string, { readonly uid: string; readonly gid: string }>
  readonly groups: ReadonlyMap<string, string>
}

/** Of distroless and of `builtin` (distroless common/variables.bzl; src/image/writer/builtin.ts). */
const distrolessUsers = parseUsers(
  'root:x:0:0:\nnobody:x:65534:65534:\nnonroot:x:65532:65532:\n',
  'root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n',
)

const noUsers: KnownUsers = { users: new Map(), groups: new Map() }

/** The users of a base by its family, where they are known: scratch has none. */
export function usersOf(family: BaseFamily): KnownUsers | undefined {
  if (family === 'other') return undefined
  return family === 'scratch' ? noUsers : distrolessUsers
}

/** Reads /etc/passwd and /etc/group (passwd(5), group(5)); lines of another form are skipped. */
export function parseUsers(passwd: string, group: string): KnownUsers {
  const fields = (text: string) => text.split('\n').map(line => line.split(':'))
  const isNumber = (text = '') => /^\d+$/.test(text)
  const users = fields(passwd)
    .filter(([name, , uid, gid]) => name && isNumber(uid) && isNumber(gid))
    .map(([name = '', , uid = '', gid = '']) => [name, { uid, gid }] as const)
  const groups = fields(group)
    .filter(([name, , gid]) => name && isNumber(gid))
    .map(([name = '', , gid = '']) => [name, gid] as const)
  // The first line of a name counts.
  return { users: new Map(users.toReversed()), groups: new Map(groups.toReversed()) }
}

/** Whether a user is given by numbers alone, which Kubernetes asks for under runAsNonRoot. */
export function isNumericUser(user: string): boolean {
  return /^\d+(?::\d+)?$/.test(user)
}

/** `nonroot` → `65532:65532`, `1000:staff` → `1000:50`; undefined where a name is not among the known ones. */
export function numericUser(user: string, { users, groups }: KnownUsers): string | undefined {
  const [name = '', group] = user.split(':')
  const entry = users.get(name)
  const uid = /^\d+$/.test(name) ? name : entry?.uid
  const gid = group === undefined ? entry?.gid : /^\d+$/.test(group) ? group : groups.get(group)
  if (uid === undefined || (group !== undefined && gid === undefined)) return undefined
  return gid === undefined ? uid : `${uid}:${gid}`
}
