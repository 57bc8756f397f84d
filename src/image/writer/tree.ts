import { comparePaths } from '../owned-folders.ts'
import { fileTime, folderMode } from '../paths.ts'
import type { TarHeader } from '../tar.ts'

/** A file on the host; `sha256` (hex) where it is known already, which saves reading it again. */
export interface HostFile {
  readonly path: string
  readonly sha256?: string
}

/** An entry of a layer, its content still where it is. Directories have none. */
export interface LayerEntry extends Omit<TarHeader, 'size'> {
  readonly content?: HostFile | Buffer
}

/** A file to be put into a layer, by its absolute path in the image. */
export interface LayerFile {
  readonly target: string
  readonly mode: number
  readonly content: HostFile
}

/**
 * The entries of the layer that holds an image's own files: folders before what is in them, in the order in which
 * BuildKit walks a folder (each folder's names in byte order), owned by root, modes and times as they are staged for it.
 * @param folders the folders of the layer (imageFolders); the parents of every file are among them, and no file is
 */
export function layerEntries(files: readonly LayerFile[], folders: readonly string[]): LayerEntry[] {
  const shared = { uid: 0, gid: 0, mtime: fileTime }
  const entries = new Map<string, LayerEntry>()
  for (const path of folders) {
    entries.set(path, { ...shared, name: `${path.slice(1)}/`, type: 'directory', mode: folderMode(path) })
  }
  for (const { target, mode, content } of files) {
    entries.set(target, { ...shared, name: target.slice(1), type: 'file', mode, content })
  }
  return [...entries].sort(([a], [b]) => comparePaths(a, b)).map(([, entry]) => entry)
}
