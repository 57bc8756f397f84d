import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { Failure } from '../../errors.ts'
import type { BlobCache } from './cache.ts'
import { blockSize, type Compressor } from './compress.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'
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
  const measured = await Promise.all(entries.map(measure))
  const key = JSON.stringify([
    format,
    compressor.id,
    measured.map(({ entry: { content: _, ...header }, size, sha256 }) => [header, size, sha256]),
  ])
  const known = (await cache.recall('layers', key)) as Omit<Layer, 'path' | 'mediaType'> | undefined
  const path = known && (await cache.find(known.digest, known.size))
  if (known && path) return { ...known, path, mediaType: compressor.mediaType }

  const hash = createHash('sha256')
  const blocks = hashed(cut(tarStream(measured)), hash)
  const blob = await cache.store(compressor.compress(blocks), signal)
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
    return { entry, size: found.size, sha256: content.sha256 ?? (await hashFile(content, found.size)) }
  } catch (error) {
    throw unreadable(content, error)
  }
}

async function hashFile(file: HostFile, size: number): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of readFile(file, size)) hash.update(chunk)
  return hash.digest('hex')
}

/** The tar stream of the entries. A file whose content is not what was measured fails the layer. */
async function* tarStream(measured: readonly MeasuredEntry[]): AsyncIterable<Buffer> {
  for (const { entry, size, sha256 } of measured) {
    yield tarHeader({ ...entry, size })
    const { content } = entry
    if (!content) continue
    if (Buffer.isBuffer(content)) yield content
    else {
      const hash = createHash('sha256')
      yield* hashed(readFile(content, size), hash)
      if (hash.digest('hex') !== sha256) throw unreadable(content, 'it changed while it was read')
    }
    yield tarPadding(size)
  }
  yield tarEnd()
}

/** Exactly `size` bytes of a file. */
async function* readFile(file: HostFile, size: number): AsyncIterable<Buffer> {
  try {
    const handle = await open(file.path, 'r')
    try {
      for (let left = size; left > 0; ) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(blockSize, left))
        const { bytesRead } = await handle.read(buffer)
        if (bytesRead === 0) throw unreadable(file, 'it changed while it was read')
        left -= bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw unreadable(file, error)
  }
}

async function* hashed(
  source: AsyncIterable<Buffer>,
  hash: { update(data: Buffer): unknown },
): AsyncIterable<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

/** The same bytes in blocks of `blockSize`, the last one shorter. */
async function* cut(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let block = Buffer.allocUnsafeSlow(blockSize)
  let filled = 0
  for await (const chunk of source) {
    for (let offset = 0; offset < chunk.length; ) {
      const taken = chunk.copy(block, filled, offset)
      offset += taken
      filled += taken
      if (filled < blockSize) continue
      yield block
      block = Buffer.allocUnsafeSlow(blockSize)
      filled = 0
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
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
