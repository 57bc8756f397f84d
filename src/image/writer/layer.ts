import { createHash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import { hashFile } from '../../util/hash-file.ts'
import { hashing } from '../../util/hash-stream.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { tarEnd, tarHeader, tarPadding } from '../tar.ts'
import type { BlobCache } from './cache.ts'
import { blockSize, type Compressor } from './compress.ts'
import type { HostFile, LayerEntry } from './tree.ts'

/** A layer that was made: a file in the cache. */
export interface Layer {
  readonly path: string
  readonly mediaType: string
  /** Of the compressed form. */
  readonly digest: string
  readonly size: number
  /** Of the tar stream. */
  readonly diffId: string
}

/** Files that are read at once: a folder of assets may have more than a process may open. */
const openFiles = 16

/** Part of a layer's key in the cache; raised when the bytes written for the same entries change. */
const format = 1

/**
 * Makes a layer, or finds the one that was made of the same entries by the same compressor. It is streamed: memory
 * does not grow with it.
 * @throws {Failure} image, when a file cannot be read or changes under way; interrupted.
 */
export async function makeLayer(
  entries: readonly LayerEntry[],
  compressor: Compressor,
  cache: BlobCache,
  signal?: AbortSignal,
): Promise<Layer> {
  const measured = await mapLimit(entries, openFiles, measure)
  const key = JSON.stringify([
    format,
    compressor.id,
    measured.map(({ entry: { content: _, ...header }, size, sha256 }) => [header, size, sha256]),
  ])
  const known = (await cache.recall('layers', key)) as Omit<Layer, 'path' | 'mediaType'> | undefined
  const path = known && (await cache.find(known.digest, known.size))
  if (known && path) return { ...known, path, mediaType: compressor.mediaType }

  const hash = createHash('sha256')
  // Memory that serves again, for what is left to the garbage collector makes it run just when there is most to do.
  const free: Buffer[] = []
  const blocks = hashing(tarBlocks(measured, free), hash)
  const blob = await cache.store(
    compressor.compress(blocks, block => free.push(block)),
    signal,
  )
  const made = { digest: blob.digest, size: blob.size, diffId: `sha256:${hash.digest('hex')}` }
  await cache.remember('layers', key, made)
  return { ...made, path: blob.path, mediaType: compressor.mediaType }
}

interface MeasuredEntry {
  readonly entry: LayerEntry
  readonly size: number
  /** Hex, of the content; of a directory empty. */
  readonly sha256: string
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
async function* tarBlocks(measured: readonly MeasuredEntry[], free: Buffer[]): AsyncIterable<Buffer> {
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
