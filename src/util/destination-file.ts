import type { Stats } from 'node:fs'
import { fstat, fsync, write } from 'node:fs'
import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'

/** Where a file that somebody named goes. */
export interface DestinationFile {
  /** The path to rename onto: behind every symbolic link, which therefore stays. */
  readonly path: string
  /** Opens what must not be replaced: a device, a FIFO, an open file of this process. Absent for a regular file. */
  readonly openThrough?: () => Promise<FileHandle>
}

/**
 * Finds what a path stands for before it is written, as docker does with the file of an output: a link is followed, and a
 * device, a FIFO or /dev/stdout is written into. Only a regular file is ever replaced.
 */
export async function destinationFile(path: string): Promise<DestinationFile> {
  const descriptor = ownDescriptor(path)
  const found = await stat(path).catch(() => undefined)
  if (descriptor !== undefined && (!found || found.isFile() || found.isSocket())) {
    // A file that this process has open is written where the shell's redirection has come to, not replaced under it.
    return { path, openThrough: async () => descriptorHandle(descriptor) }
  }
  if (!found) return { path: await behindLinks(path) }
  if (isSpecial(found)) return { path, openThrough: () => open(path, 'w') }
  return { path: found.isFile() ? await realpath(path) : path }
}

/** Whether something is there that is neither a regular file nor a folder. */
export async function isSpecialFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && (isSpecial(found) || ownDescriptor(path) !== undefined)
}

function isSpecial(found: Stats): boolean {
  return !found.isFile() && !found.isDirectory()
}

/** The number of an open file of this process that a path stands for. */
function ownDescriptor(path: string): number | undefined {
  const [, number] = new RegExp(`^/(?:dev/fd|proc/(?:self|${process.pid})/fd)/(\\d+)$`).exec(path) ?? []
  if (number !== undefined) return Number(number)
  return { '/dev/stdout': 1, '/dev/stderr': 2 }[path]
}

/** Where a link to nothing leads. */
async function behindLinks(path: string, followed = 0): Promise<string> {
  const link = await lstat(path).catch(() => undefined)
  if (!link?.isSymbolicLink() || followed > 40) return path
  return behindLinks(resolve(dirname(path), await readlink(path)), followed + 1)
}

/** The calls of a FileHandle that writers use, on a file that is open already and stays open. */
function descriptorHandle(descriptor: number): FileHandle {
  const writeTo = promisify(write)
  const handle = {
    write: (bytes: Uint8Array, offset = 0) => writeTo(descriptor, bytes, offset),
    stat: () => promisify(fstat)(descriptor),
    sync: () => promisify(fsync)(descriptor),
    close: async () => {},
  }
  return handle as unknown as FileHandle
}
