import { constants } from 'node:fs'
import { lstat, open, realpath, stat } from 'node:fs/promises'
import { Failure, isFailure } from '../errors.ts'
import { quoteWord } from './quote-word.ts'

/** Bytes. A file of settings or sources that is larger is there by mistake. */
const defaultLimit = 64 * 1024 * 1024

/**
 * Reads a file that a person, or a project, names. Only a regular file: a FIFO, a device or a file of /proc may have no
 * end, or never say anything. /dev/null is an empty file.
 * @param limit bytes
 * @throws {Failure} usage, for what is no regular file, or too large; else what the file system says.
 */
export async function readBytes(path: string, limit = defaultLimit): Promise<Buffer> {
  // Without O_NONBLOCK the opening of a FIFO waits for its writer, in a thread that nothing can interrupt.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const found = await handle.stat()
    if (!found.isFile() && !found.isDirectory()) {
      if ((await realpath(path)) === '/dev/null') return Buffer.alloc(0)
      throw notRegular(path, kindOf(found))
    }
    const pieces: Buffer[] = []
    let size = 0
    for (;;) {
      const piece = Buffer.allocUnsafe(Math.max(4096, Math.min(found.size - size + 1, 1024 * 1024)))
      const { bytesRead } = await handle.read(piece, 0, piece.length, null)
      if (bytesRead === 0) break
      // Files of /proc say that they are empty, and are not.
      if (found.size === 0) throw notRegular(path, 'no file on a disk')
      size += bytesRead
      if (size > limit) throw tooLarge(path, limit)
      pieces.push(piece.subarray(0, bytesRead))
    }
    return Buffer.concat(pieces)
  } finally {
    await handle.close()
  }
}

/** `readBytes`, as UTF-8. */
export async function readText(path: string, limit?: number): Promise<string> {
  return (await readBytes(path, limit)).toString('utf8')
}

/** `readText`; undefined where there is no such file, or it may not be read. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  return readText(path).catch(error => {
    if (isFailure(error)) throw error
    return undefined
  })
}

/**
 * For a file that a tool will read, and would never end to read.
 * @throws {Failure} usage, where there is something else than a regular file or a folder.
 */
export async function checkRegular(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found && !found.isFile() && !found.isDirectory()) throw notRegular(path, kindOf(found))
}

/**
 * Whether an error of reading `path` says that there is none. A link to nothing is one that somebody meant to have: to go
 * on without what it says would be silent.
 */
export async function isAbsence(error: unknown, path: string): Promise<boolean> {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return false
  return lstat(path).then(
    () => false,
    () => true,
  )
}

function kindOf(found: { isFIFO(): boolean; isSocket(): boolean }): string {
  return found.isFIFO() ? 'a FIFO' : found.isSocket() ? 'a socket' : 'a device'
}

function notRegular(path: string, kind: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `${path} is no regular file`,
    where: path,
    why: `it is ${kind}, and reading it might never end`,
    fix: 'copy what it says into a file, and name that',
  })
}

function tooLarge(path: string, limit: number): Failure {
  return new Failure({
    kind: 'usage',
    what: `${path} is too large`,
    where: path,
    why: `it has more than ${limit / 1024 / 1024} MiB, so this must be another file`,
    fix: `ls -l ${quoteWord(path)}`,
  })
}
