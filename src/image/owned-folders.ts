import { isNumericUser } from '../base/users.ts'
import type { ImageSpec } from '../types.ts'
import { baseFolders, fileTime, folderMode, parentFolders } from './paths.ts'
import { type TarHeader, tarEnd, tarHeader } from './tar.ts'

/** The name of the tar stream of these folders in a build context, for ADD. */
export const foldersTar = 'folders.tar'

/** distroless's nonroot, which `builtin` has too (distroless common/variables.bzl). */
const nonroot = { uid: 65532, gid: 65532 }

interface Folder {
  readonly path: string
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/**
 * The folders that belong to somebody: those of `[image] folders`, and for a user other than root the volumes and the
 * working directory, which the program could not write to otherwise. An engine gives a new volume the owner that the
 * image's folder has. Sorted by path.
 */
export function ownedFolders(spec: ImageSpec): Folder[] {
  const user = runtimeUser(spec)
  const { workdir, volumes = [] } = spec.config
  const own = workdir === undefined || baseFolders.includes(workdir) ? volumes : [...volumes, workdir]
  const byPath = new Map<string, Folder>()
  if (user && user.uid !== 0) for (const path of own) byPath.set(path, { path, ...user, mode: 0o755 })
  for (const { path, mode, owner = user ?? nonroot } of spec.ownedFolders ?? []) {
    byPath.set(path, { path, ...owner, mode })
  }
  return [...byPath.values()].sort((a, b) => comparePaths(a.path, b.path))
}

/**
 * The tar entries of these folders and of their parents, outermost first. The parents are there because a layer that
 * adds a folder sets the time of the one around it.
 */
export function ownedEntries(spec: ImageSpec): TarHeader[] {
  const entries = new Map<string, Folder>()
  const folders = ownedFolders(spec)
  for (const parent of folders.flatMap(({ path }) => parentFolders(path))) {
    const owner =
      parent === '/home/nonroot' ? { ...nonroot, mode: 0o700 } : { uid: 0, gid: 0, mode: folderMode(parent) }
    entries.set(parent, { path: parent, ...owner })
  }
  for (const folder of folders) entries.set(folder.path, folder)
  return [...entries.values()]
    .sort((a, b) => comparePaths(a.path, b.path))
    .map(({ path, ...header }) => ({
      ...header,
      name: `${path.slice(1)}/`,
      type: 'directory',
      size: 0,
      mtime: fileTime,
    }))
}

/** These folders as a tar stream. */
export function ownedTar(spec: ImageSpec): Buffer {
  return Buffer.concat([...ownedEntries(spec).map(tarHeader), tarEnd()])
}

/** The user that a container runs as, in numbers; undefined where only the base or the builder knows it. */
function runtimeUser({ config: { user }, base }: ImageSpec): { uid: number; gid: number } | undefined {
  if (user === undefined) {
    const isNonroot = base.reference === 'builtin' || /:(debug-)?nonroot(-\w+)?(@|$)/.test(base.reference)
    return base.family !== 'other' && isNonroot ? nonroot : undefined
  }
  if (!isNumericUser(user)) return undefined
  const [uid = 0, gid = uid] = user.split(':').map(Number)
  return { uid, gid }
}

/** Byte order of UTF-8, name by name, as a walk through folders visits them: `/a/b` before `/a-b`. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a.replaceAll('/', '\0')), Buffer.from(b.replaceAll('/', '\0')))
}
