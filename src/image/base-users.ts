import { readFile } from 'node:fs/promises'
import { type KnownUsers, parseUsers } from '../base/users.ts'
import type { BaseChoice } from '../types.ts'
import { type BaseReading, withBaseRootfs } from './base-rootfs.ts'

/** As layers name them. */
const wanted = new Set(['etc/passwd', 'etc/group'])

/**
 * The users that a base image names in its /etc/passwd and /etc/group.
 * @throws {Failure} as withBaseRootfs.
 */
export function readBaseUsers(base: BaseChoice, reading: BaseReading): Promise<KnownUsers> {
  return withBaseRootfs(base, reading, wanted, async rootfs => {
    const textOf = async (path: string) => {
      const found = await rootfs.resolve(path)
      const isFile = found?.entry.type === 'file' || found?.entry.type === 'hardlink'
      return found && isFile ? readFile((await rootfs.read(found)).path, 'utf8') : ''
    }
    return parseUsers(await textOf('/etc/passwd'), await textOf('/etc/group'))
  })
}
