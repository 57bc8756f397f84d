import { createHash } from 'node:crypto'
import { createLimit } from '../../util/create-limit.ts'
import { hashing } from '../../util/hash-stream.ts'
import { type BlobCache, cacheEmptied, isThere } from '../cache.ts'
import { type LayerEntry, type MeasuredEntry, measureEntries, tarBlocks } from '../tar-stream.ts'
import { blockSize, type Compressor } from './compress.ts'

/** A layer that was made: a file in the cache. */
export interface Layer {
  /** The file that holds it, checked when it is asked for: a registry that has the layer needs none. */
  file(): Promise<string>
  readonly mediaType: string
  /** Of the compressed form. */
  readonly digest: string
  readonly size: number
  /** Of the tar stream. */
  readonly diffId: string
}

/** Layers that are made at once, of all images: one has not work for every processor at every moment, and each takes memory. */
export const layersAtOnce = 2
const packing = createLimit(layersAtOnce)

/** Part of a layer's key in the cache; raised when the bytes written for the same entries change. */
const format = 1

/**
 * Makes a layer, or finds the one that was made of the same entries by the same compressor. It is streamed: memory
 * does not grow with it.
 * @throws {Failure} image, when a file cannot be read or changes under way; interrupted.
 */
export function makeLayer(
  entries: readonly LayerEntry[],
  compressor: Compressor,
  cache: BlobCache,
  signal?: AbortSignal,
): Promise<Layer> {
  return packing(() => makeInTurn(entries, compressor, cache, signal))
}

async function makeInTurn(
  entries: readonly LayerEntry[],
  compressor: Compressor,
  cache: BlobCache,
  signal: AbortSignal | undefined,
): Promise<Layer> {
  const measured = await measureEntries(entries)
  const key = JSON.stringify([
    format,
    compressor.id,
    measured.map(({ entry: { content: _, ...header }, size, sha256 }) => [header, size, sha256]),
  ])
  const recalled = (await cache.recall('layers', key)) as Described | undefined
  const { mediaType } = compressor
  const make = () => writeLayer(measured, compressor, cache, signal)
  if (recalled && (await cache.holds(recalled.digest, recalled.size))) {
    return { ...recalled, mediaType, file: keptFile(() => findOrMake(recalled, cache, make)) }
  }
  const { path, ...described } = await make()
  await cache.remember('layers', key, described)
  return { ...described, mediaType, file: keptFile(async () => path) }
}

/** What the cache keeps of a layer. */
type Described = Pick<Layer, 'digest' | 'size' | 'diffId'>

async function writeLayer(
  measured: readonly MeasuredEntry[],
  compressor: Compressor,
  cache: BlobCache,
  signal: AbortSignal | undefined,
): Promise<Described & { readonly path: string }> {
  const hash = createHash('sha256')
  // Memory that serves again, for what is left to the garbage collector makes it run just when there is most to do.
  const free: Buffer[] = []
  const blocks = hashing(tarBlocks(measured, blockSize, free), hash)
  const { digest, size, path } = await cache.store(
    compressor.compress(blocks, block => free.push(block)),
    signal,
  )
  return { digest, size, diffId: `sha256:${hash.digest('hex')}`, path }
}

/** The file of a layer that the cache holds; where it is damaged, the layer is made again. */
async function findOrMake(
  { digest, size }: Described,
  cache: BlobCache,
  make: () => Promise<Described & { readonly path: string }>,
): Promise<string> {
  const found = await cache.find(digest, size)
  if (found) return found
  const made = await make()
  if (made.digest === digest) return made.path
  throw cacheEmptied(made.path)
}

/** Asks for a file once, and afterwards whether it is there still: somebody may empty the cache meanwhile. */
function keptFile(find: () => Promise<string>): () => Promise<string> {
  let finding: Promise<string> | undefined
  return async () => {
    finding ??= find()
    const path = await finding
    if (await isThere(path)) return path
    throw cacheEmptied(path)
  }
}
