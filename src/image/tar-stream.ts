import { createHash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { Failure } from '../errors.ts'
import { hashFile } from '../util/hash-file.ts'
import { mapLimit } from '../util/map-limit.ts'
import { type TarHeader, tarEnd, tarHeader, tarPadding } from './tar.ts'

/** A file on the host; `sha256` (hex) where it is known already, which saves reading it again. */
export interface HostFile {
  readonly path: string
  readonly sha256?: string
}

/** An entry of a layer, its content still where it is. Only files have any. */
export interface LayerEntry extends Omit<TarHeader, 'size'> {
  readonly content?: HostFile | Buffer
}

/** Files that are read at once: a folder of assets may have more than a process may open. */
const openFiles = 16

/** An entry with what its content was found to be. */
export interface MeasuredEntry {
  readonly entry: LayerEntry
  readonly size: number
  /** Hex, of the content; of a directory empty. */
  readonly sha256: string
}

/**
 * Reads the size and the hash of the content of each entry.
 * @throws {Failure} image, when a file cannot be read.
 */
export function measureEntries(entries: readonly LayerEntry[]): Promise<MeasuredEntry[]> {
  return mapLimit(entries, openFiles, measure)
}

async function measure(entry: LayerEntry): Promise<MeasuredEntry> {
  const { content } = entry
  if (!content) return { entry, size: 0, sha256: '' }
  if (Buffer.isBuffer(content)) {
    return { entry, size: content.length, sha256: createHash('sha256').update(content).digest('hex') }
  }
  try {
    const found = await stat(content.path)
    if (!found.isFile()) throw unreadable(content, 'it is no regular file')
    return { entry, size: found.size, sha256: content.sha256 ?? (await hashFile(content.path)) }
  } catch (error) {
    throw unreadable(content, error)
  }
}

/**
 * The tar stream of the entries in blocks of `blockSize`, the last one shorter. Files are read straight into the blocks.
 * @param free blocks to use before new ones
 * @throws {Failure} image, when a file's content is not what was measured.
 */
export async function* tarBlocks(
  measured: readonly MeasuredEntry[],
  blockSize: number,
  free: Buffer[] = [],
): AsyncIterable<Buffer> {
  let block: Buffer = Buffer.allocUnsafeSlow(blockSize)
  let filled = 0
  const full = () => {
    const whole = block
    block = free.pop() ?? Buffer.allocUnsafeSlow(blockSize)
    filled = 0
    return whole
  }
  function* add(bytes: Buffer): Iterable<Buffer> {
    for (let offset = 0; offset < bytes.length; ) {
      const taken = bytes.copy(block, filled, offset)
      offset += taken
      filled += taken
      if (filled === blockSize) yield full()
    }
  }
  for (const { entry, size, sha256 } of measured) {
    yield* add(tarHeader({ ...entry, size }))
    const { content } = entry
    if (Buffer.isBuffer(content)) yield* add(content)
    else if (content) {
      const hash = createHash('sha256')
      const file = await openFile(content)
      try {
        for (let left = size; left > 0; ) {
          const { bytesRead } = await file.read(block, filled, Math.min(blockSize - filled, left))
          if (bytesRead === 0) throw unreadable(content, changed)
          hash.update(block.subarray(filled, filled + bytesRead))
          left -= bytesRead
          filled += bytesRead
          if (filled === blockSize) yield full()
        }
      } finally {
        await file.close()
      }
      if (hash.digest('hex') !== sha256) throw unreadable(content, changed)
    }
    yield* add(tarPadding(size))
  }
  yield* add(tarEnd())
  if (filled > 0) yield block.subarray(0, filled)
}

const changed = 'it changed while it was read'

async function openFile(file: HostFile): Promise<FileHandle> {
  return open(file.path, 'r').catch(error => {
    throw unreadable(file, error)
  })
}

/** The failure of a file that cannot be packed; one that is a failure already stays as it is. */
function unreadable(file: HostFile, cause: unknown): unknown {
  if (cause instanceof Failure) return cause
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  if (typeof cause !== 'string' && !code) return cause
  return new Failure({
    kind: 'image',
    what: 'A file of the image cannot be read',
    where: file.path,
    why:
      typeof cause === 'string'
        ? cause
        : code === 'ENOENT'
          ? 'there is no such file'
          : (cause as Error).message,
    cause: typeof cause === 'string' ? undefined : cause,
  })
}
