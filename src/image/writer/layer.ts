import { createHash } from 'node:crypto'
import { hashing } from '../../util/hash-stream.ts'
import { type LayerEntry, measureEntries, tarBlocks } from '../tar-stream.ts'
import type { BlobCache } from './cache.ts'
import { blockSize, type Compressor } from './compress.ts'

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
  const measured = await measureEntries(entries)
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
  const blocks = hashing(tarBlocks(measured, blockSize, free), hash)
  const blob = await cache.store(
    compressor.compress(blocks, block => free.push(block)),
    signal,
  )
  const made = { digest: blob.digest, size: blob.size, diffId: `sha256:${hash.digest('hex')}` }
  await cache.remember('layers', key, made)
  return { ...made, path: blob.path, mediaType: compressor.mediaType }
}
