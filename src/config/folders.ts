import * as v from 'valibot'
import { Failure } from '../errors.ts'
import type { OwnedFolder } from '../types.ts'

/** `[image] folders`: folders that the program may write to. */
export const foldersSchema = v.array(
  v.strictObject({ path: v.string(), owner: v.optional(v.string()), mode: v.optional(v.string()) }),
)

/**
 * The folders with their owners and modes as numbers.
 * @throws {Failure} usage, for an owner or a mode that is none.
 */
export function folderOptions(folders: v.InferOutput<typeof foldersSchema>): OwnedFolder[] {
  return folders.map(({ path, owner, mode = '0755' }, at) => ({
    path,
    mode: parseMode(mode, path, at),
    ...(owner !== undefined && { owner: parseOwner(owner, path, at) }),
  }))
}

function parseOwner(owner: string, path: string, at: number): { uid: number; gid: number } {
  const [, uid, gid = uid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(owner) ?? []
  const ids = [Number(uid), Number(gid)] as const
  // (uid_t) -1 means "unchanged" to chown(2).
  if (ids.every(id => id < 0xffffffff)) return { uid: ids[0], gid: ids[1] }
  throw notAFolderValue(
    'owner',
    owner,
    [path, at],
    '"65532:65532", in numbers: a name may mean another user in each base',
  )
}

function parseMode(mode: string, path: string, at: number): number {
  if (/^0?[0-7]{3,4}$/.test(mode)) return Number.parseInt(mode, 8)
  throw notAFolderValue('mode', mode, [path, at], '"0750", in octal')
}

function notAFolderValue(
  key: string,
  value: string,
  [path, at]: readonly [string, number],
  expected: string,
): Failure {
  return new Failure({
    kind: 'usage',
    what: `The ${key} of the folder ${JSON.stringify(path)} cannot be ${JSON.stringify(value)}`,
    where: '[image] folders of xbuild.toml',
    why: `it is written as ${expected}`,
    fix: `folders = [{ path = ${JSON.stringify(path)}, owner = "65532:65532", mode = "0755" }]`,
    key: ['image', 'folders', at, key],
  })
}
