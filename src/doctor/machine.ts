import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hostArch } from '../util/host-arch.ts'

/** What doctor reads of this machine without running anything; tests put others in its place. */
export interface Machine {
  /** As platforms spell it. */
  readonly arch: string
  /** The folder of the kernel's handlers for foreign programs. */
  readonly binfmt: string
  readonly nodeVersion: string
  /** Milliseconds since 1970. */
  now(): number
  /** The file system of a folder, or of the nearest one above it that is there. */
  fileSystem(folder: string): Promise<FileSystem>
}

export interface FileSystem {
  /** The folder that is there. */
  readonly folder: string
  /** Bytes that this user may still write. */
  readonly free: number
  /** Whether there is room for more files (inodes); file systems that know no limit say yes. */
  readonly takesFiles: boolean
  readonly writable: boolean
}

export const thisMachine: Machine = {
  arch: hostArch(),
  binfmt: '/proc/sys/fs/binfmt_misc',
  nodeVersion: process.versions.node,
  now: () => Date.now(),
  async fileSystem(folder) {
    for (let path = folder; ; path = dirname(path)) {
      const found = await statfs(path).catch(() => undefined)
      if (!found && path !== dirname(path)) continue
      if (!found) return { folder: path, free: 0, takesFiles: false, writable: false }
      const isFolder = (await stat(path)).isDirectory()
      const writable =
        isFolder &&
        (await access(path, constants.W_OK)
          .then(() => true)
          .catch(() => false))
      return {
        folder: path,
        free: found.bavail * found.bsize,
        takesFiles: found.files === 0 || found.ffree > 0,
        writable,
      }
    }
  },
}
