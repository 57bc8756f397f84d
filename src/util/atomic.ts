import { access, constants, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Failure, interrupted, isFailure } from '../errors.ts'
import { movedBy } from './cache-folder.ts'
import { destinationFile } from './destination-file.ts'
import { filePieces } from './file-pieces.ts'
import { removeAtExit, temporaryName } from './leftovers.ts'

interface AtomicOptions<T> {
  /** Where the file goes when its name depends on what was written. */
  readonly place?: (result: T) => string
  /** Whether it must outlive power loss; not what is checked before each use anyway. */
  readonly durable?: boolean
  /** Permission bits, which the umask narrows; absent, 0666. */
  readonly mode?: number | undefined
}

/**
 * Writes a file that appears under its name only when it is whole and, if durable, on disk: a temporary neighbour is
 * written, synced and renamed. Whatever stops it, but for SIGKILL and power loss, removes the neighbour; those leave one
 * that the next run sweeps. Behind a symbolic link its target is replaced, and what is no regular file (a device, a FIFO,
 * /dev/stdout) is written into.
 * @throws {Failure} image, when the file system refuses.
 */
export async function writeAtomically<T>(
  path: string,
  write: (handle: FileHandle) => Promise<T>,
  { place, durable = true, mode = 0o666 }: AtomicOptions<T> = {},
): Promise<T> {
  try {
    const to = await destinationFile(path)
    if (to.openThrough) return await writeThrough(await to.openThrough(), write)
    const temporary = temporaryName(to.path)
    const { forget } = removeAtExit(temporary)
    try {
      const handle = await open(temporary, 'wx', mode)
      let result: T
      try {
        result = await write(handle)
        if (durable) await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, place?.(result) ?? to.path)
      if (durable) await syncFolder(dirname(to.path))
      return result
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw error
    } finally {
      forget()
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
}

async function writeThrough<T>(handle: FileHandle, write: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await write(handle)
  } finally {
    await handle.close()
  }
}

/**
 * Writes a small file by `writeAtomically`, and the folders above it where there are none.
 * @param mode permission bits, which the umask narrows; absent, 0666
 * @throws {Failure} image, when the file system refuses.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  { mode, durable = false }: { readonly mode?: number; readonly durable?: boolean } = {},
): Promise<void> {
  await makeFolder(dirname(path))
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  await writeAtomically(path, handle => writeAll(handle, bytes), { durable, mode })
}

/**
 * Makes a folder and those above it.
 * @throws {Failure} image, when the file system refuses.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    if (await isFolder(path)) return
    await mkdir(path, { recursive: true }).catch(async error => {
      // On a read-only file system Node.js says ENOENT here; the nearest folder there is says why.
      let above = dirname(path)
      while (error.code === 'ENOENT' && !(await isFolder(above))) above = dirname(above)
      await access(above, constants.W_OK)
      throw error
    })
  } catch (error) {
    throw writeFailure(error, path)
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}

/**
 * Gives a folder its name.
 * @returns false where a folder that is not empty has the name by now: another build was faster.
 */
export async function renameFolder(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    await syncFolder(dirname(to))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw error
  }
}

/** Makes the names in a folder durable; a file system that cannot (some network ones) is left alone. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** Writes all of a buffer: one write may take less. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += (await handle.write(bytes, offset)).bytesWritten
  }
}

/**
 * Appends a file of known size to another.
 * @throws {Failure} image, when the file is not of that size any more.
 */
export async function appendFile(
  handle: FileHandle,
  path: string,
  size: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let copied = 0
  const source = await open(path, 'r').catch(error => {
    throw error.code === 'ENOENT' ? changed(path, 'it was removed') : error
  })
  try {
    for await (const piece of filePieces(source)) {
      if (signal?.aborted) throw interrupted()
      await writeAll(handle, piece)
      copied += piece.length
    }
  } finally {
    await source.close()
  }
  if (copied === size) return
  throw changed(path)
}

function changed(path: string, why?: string): Failure {
  return new Failure({
    kind: 'image',
    what: 'A file changed while it was copied',
    where: path,
    why,
    fix: 'run it again',
  })
}

const reasons: Readonly<Record<string, readonly [why: string, fix: string]>> = {
  EACCES: ['permission is denied', 'choose a place you may write to'],
  EPERM: ['permission is denied', 'choose a place you may write to'],
  EROFS: ['the file system is read-only', 'choose a place that can be written to'],
  ENOSPC: ['no space is left on the device', 'free some space, or choose another place'],
  EDQUOT: ['the disk quota is used up', 'free some space, or choose another place'],
  EISDIR: ['it is a folder', 'choose another name'],
  ENOTDIR: ['a part of the path is a file', 'choose another path'],
  ENOENT: ['its folder does not exist, or was removed', 'create the folder'],
  EEXIST: ['something of this name is already there', 'remove it, or choose another name'],
  ENXIO: ['nothing can be written there: it is a socket or a device that is not there', 'name a file'],
  ENAMETOOLONG: ['the name is too long for the file system', 'choose a shorter name'],
}

/** The failure that a file system's error on writing `path` is; what is no such error stays as it is. */
export function writeFailure(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (isFailure(error) || !(error instanceof Error) || !code || !('syscall' in error)) return error
  const [why, fix] = reasons[code] ?? [error.message, undefined]
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new Failure({
    kind: 'image',
    what: `Cannot write ${basename(path)}`,
    where: path,
    why,
    // What xbuild keeps for itself goes where a variable says, and not where the user chose.
    fix: (full ? undefined : movedBy(path)) ?? fix,
    cause: error,
  })
}
