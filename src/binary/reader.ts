import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { Failure } from '../errors.ts'

/** Random access to bytes that may be too many to hold: a file, or a file inside an image layer. */
export interface Reader {
  /** Bytes. */
  readonly size: number
  /** Exactly `length` bytes from `offset`; called only with ranges inside `size`. */
  read(offset: number, length: number): Uint8Array
}

/** A file that is not an ELF file at all, or one that is cut short or contradicts itself. */
export class UnreadableBinary extends Failure {
  constructor(name: string, why: string, cause?: unknown) {
    super({
      kind: 'verification',
      what: 'Not a readable ELF binary',
      where: name,
      why,
      fix: 'compile it again; where it came from a cache or an archive, remove that copy first',
      cause,
    })
    this.name = 'UnreadableBinary'
  }
}

/** A reader of bytes in memory. */
export function bytesReader(bytes: Uint8Array): Reader {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

/** Small reads are served from one window of the file, so that walking a table is not a system call per entry. */
const windowSize = 16 * 1024

/**
 * Calls `use` with a reader of a file, which is closed afterwards.
 * @throws {UnreadableBinary} when it cannot be opened, is no regular file, or shrinks while it is read.
 */
export function withFileReader<T>(path: string, use: (reader: Reader) => T): T {
  let descriptor: number
  try {
    // O_NONBLOCK, for a named pipe would otherwise block until somebody writes to it.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    throw new UnreadableBinary(path, `it cannot be opened: ${(error as Error).message}`, error)
  }
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) throw new UnreadableBinary(path, 'it is not a regular file')
    return use(fileReader(path, descriptor, stat.size))
  } finally {
    closeSync(descriptor)
  }
}

function fileReader(path: string, descriptor: number, size: number): Reader {
  const pread = (offset: number, length: number) => {
    const buffer = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const count = readSync(descriptor, buffer, filled, length - filled, offset + filled)
      if (count === 0) throw new UnreadableBinary(path, 'it shrank while it was being read')
      filled += count
    }
    return buffer
  }
  let start = 0
  let window = new Uint8Array(0)
  return {
    size,
    read(offset, length) {
      if (length > windowSize) return pread(offset, length)
      if (offset < start || offset + length > start + window.length) {
        start = offset
        window = pread(offset, Math.min(windowSize, size - offset))
      }
      return window.subarray(offset - start, offset - start + length)
    },
  }
}
