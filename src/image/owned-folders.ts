import { isNumericUser } from '../base/users.ts'
import type { ImageFile, ImageSpec } from '../types.ts'
import { baseFolders, folderMode, parentFolders } from './paths.ts'

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
  for (const { path, owner } of spec.folders ?? []) {
    if (owner !== undefined) byPath.set(path, { path, ...parseOwner(owner), mode: folderMode(path) })
  }
  if (user && user.uid !== 0) {
    for (const path of own) {
      const mode = folderMode(path)
      // What anybody may write to, such as /tmp, stays so for every user that a container may run as.
      const isOpen = (mode & 0o002) !== 0
      byPath.set(path, isOpen ? { path, uid: 0, gid: 0, mode } : { path, ...user, mode: 0o755 })
    }
  }
  for (const { path, mode, owner = user ?? nonroot } of spec.ownedFolders ?? []) {
    byPath.set(path, { path, ...owner, mode })
  }
  return [...byPath.values()].sort((a, b) => comparePaths(a.path, b.path))
}

/** To whom the folders of an image belong: root, but for those of somebody, and the home of nonroot. */
export function folderOwners(spec: ImageSpec): (path: string) => Omit<Folder, 'path'> {
  const owned = new Map(ownedFolders(spec).map(({ path, ...folder }) => [path, folder]))
  return path =>
    owned.get(path) ??
    (path === '/home/nonroot' ? { ...nonroot, mode: 0o700 } : { uid: 0, gid: 0, mode: folderMode(path) })
}

/**
 * The folders of the layer of files: the parents of each, copied folders, folders of somebody, and the working directory
 * unless bases have it; with their parents, for a layer that adds a folder sets the time of the one around it.
 */
export function sharedFolders(spec: ImageSpec, files: readonly ImageFile[]): string[] {
  const folders = new Set(files.flatMap(({ target }) => parentFolders(target)))
  const { workdir } = spec.config
  const own = workdir === undefined || baseFolders.includes(workdir) ? [] : [workdir]
  for (const { path } of [...(spec.folders ?? []), ...ownedFolders(spec), ...own.map(path => ({ path }))]) {
    for (const folder of [...parentFolders(path), path]) folders.add(folder)
  }
  return [...folders].sort()
}

/** `7:8`, or `7` for a group of the same number. */
function parseOwner(owner: string): { uid: number; gid: number } {
  const [uid = 0, gid = uid] = owner.split(':').map(Number)
  return { uid, gid }
}

/** The user that a container runs as, in numbers; undefined where only the base or the builder knows it. */
function runtimeUser({ config: { user }, base }: ImageSpec): { uid: number; gid: number } | undefined {
  if (user === undefined) {
    const isNonroot = base.reference === 'builtin' || /:(debug-)?nonroot(-\w+)?(@|$)/.test(base.reference)
    return base.family !== 'other' && isNonroot ? nonroot : undefined
  }
  return isNumericUser(user) ? parseOwner(user) : undefined
}

/** Byte order of UTF-8, name by name, as a walk through folders visits them: `/a/b` before `/a-b`. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a.replaceAll('/', '\0')), Buffer.from(b.replaceAll('/', '\0')))
}
