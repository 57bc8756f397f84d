import type { Platform } from '../platforms.ts'
import type { ImageFile, ImageSpec } from '../types.ts'
import { comparePaths, folderOwners, sharedFolders } from './owned-folders.ts'
import { fileTime, folderMode, parentFolders } from './paths.ts'
import { checkProjectFile } from './project-files.ts'
import type { HostFile, LayerEntry } from './tar-stream.ts'

/*
 * The layers that both backends put on the base, what changes seldom first: folders, files and links, which are the same
 * for every platform; then the programs in a layer of their own, so that a changed program does not move the files. The
 * entries of a layer are in the order in which BuildKit walks a folder (each folder's names in byte order), folders before
 * what is in them, with fixed times.
 */

/** Whether a file is in the layer of its platform's own. */
export function isPerPlatform({ source }: ImageFile): boolean {
  return 'artifact' in source || 'paths' in source
}

/**
 * The layer of everything that is the same for all platforms; empty where there is nothing.
 * @param root the project's folder, which a link among its files may not leave
 * @throws {Failure} usage, when a file of the project is missing, no regular file, or a link that leaves the project.
 */
export async function filesLayer(spec: ImageSpec, root: string): Promise<LayerEntry[]> {
  const files = spec.files.filter(file => !isPerPlatform(file))
  const owners = folderOwners(spec)
  return sorted([
    ...sharedFolders(spec, files).map(path => folderEntry(path, owners(path))),
    ...(await Promise.all(files.map(file => sharedEntry(file, root)))),
  ])
}

/** The layer of a platform's programs, with the folders around them, all root's as COPY makes them. */
export function programLayer(
  spec: ImageSpec,
  platform: Platform,
  host: (file: ImageFile, platform: Platform) => HostFile,
): LayerEntry[] {
  return sorted([
    ...programFolders(spec).map(path => folderEntry(path, rootFolder(path))),
    ...spec.files
      .filter(isPerPlatform)
      .map(file => [file.target, fileEntry(file, { content: host(file, platform) })] as const),
  ])
}

/** The folders around the programs. */
export function programFolders({ files }: Pick<ImageSpec, 'files'>): string[] {
  return [...new Set(files.filter(isPerPlatform).flatMap(({ target }) => parentFolders(target)))].sort()
}

/**
 * Folders around the programs that belong to somebody else than root, once more: the layer of the programs made them
 * root's. Usually none.
 */
export function aroundLayer(spec: ImageSpec): LayerEntry[] {
  const owners = folderOwners(spec)
  const around = programFolders(spec).filter(path => {
    const { uid, gid, mode } = owners(path)
    return uid !== 0 || gid !== 0 || mode !== folderMode(path)
  })
  const paths = new Set(around.flatMap(path => [...parentFolders(path), path]))
  return sorted([...paths].map(path => folderEntry(path, owners(path))))
}

const rootFolder = (path: string) => ({ uid: 0, gid: 0, mode: folderMode(path) })

type Placed = readonly [path: string, entry: LayerEntry]

function folderEntry(path: string, owner: { uid: number; gid: number; mode: number }): Placed {
  return [path, { ...owner, name: `${path.slice(1)}/`, type: 'directory', mtime: fileTime }]
}

async function sharedEntry(file: ImageFile, root: string): Promise<Placed> {
  const { target, source } = file
  if ('link' in source) {
    return [target, fileEntry({ ...file, mode: 0o777 }, { type: 'symlink', link: source.link })]
  }
  if (!('path' in source)) throw new Error(`${target} is of one platform`)
  return [target, fileEntry(file, { content: { path: await checkProjectFile(source.path, root) } })]
}

function fileEntry({ target, mode, owner }: ImageFile, more: Partial<LayerEntry>): LayerEntry {
  const [uid = 0, gid = uid] = owner === undefined ? [] : owner.split(':').map(Number)
  return { name: target.slice(1), type: 'file', mode, uid, gid, mtime: fileTime, ...more }
}

function sorted(entries: readonly Placed[]): LayerEntry[] {
  return [...new Map(entries)].sort(([a], [b]) => comparePaths(a, b)).map(([, entry]) => entry)
}
