import { type Duplex, pipeline, Readable } from 'node:stream'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { Failure } from '../../errors.ts'
import { mediaTypes } from '../../oci/manifest.ts'

/** How layers are compressed. */
export interface Compressor {
  /** Library, version and level: the same input and the same `id` give the same bytes. Recorded in reports. */
  readonly id: string
  /** Media type of a layer compressed so. */
  readonly mediaType: string
  /**
   * Compresses a stream cut into blocks of `blockSize` (the last may be shorter).
   * @param release is given each block that is no longer read, so that its memory can serve again
   */
  compress(blocks: AsyncIterable<Buffer>, release?: (block: Buffer) => void): AsyncIterable<Buffer>
}

/** The names `--compression` takes. */
export type Compression = 'gzip' | 'zstd'

/** Bytes that are compressed at once. Part of the compressed form: another size gives other bytes. */
export const blockSize = 512 * 1024

// On Go, Rust and Zig binaries level 2 takes about half of the time of zlib's default, 6, and gives 5 % more bytes.
const gzipLevel = 2
const zstdLevel = 3

/** Blocks in compression at one time: as many threads as libuv's pool has by default. */
const inFlight = 4

/**
 * The compressor of that name.
 * @throws {Failure} usage, for zstd on a Node.js without it.
 */
export function getCompressor(name: Compression): Compressor {
  if (name === 'gzip') {
    return {
      id: `gzip (zlib ${process.versions.zlib}, level ${gzipLevel}, blocks of ${blockSize / 1024} KiB)`,
      mediaType: `${mediaTypes.layer}+gzip`,
      compress: gzip,
    }
  }
  const { createZstdCompress, constants } = zlib as unknown as ZstdOfNode
  if (!createZstdCompress) {
    throw new Failure({
      kind: 'usage',
      what: `Node.js ${process.version} cannot compress with zstd`,
      where: '--compression zstd',
      why: 'zstd is in Node.js 22.15 and later, and in 23.8 and later',
      fix: 'use --compression gzip, or run xbuild with a newer Node.js',
    })
  }
  return {
    id: `zstd (libzstd ${process.versions.zstd}, level ${zstdLevel})`,
    mediaType: `${mediaTypes.layer}+zstd`,
    async *compress(blocks) {
      const params = { [constants.ZSTD_c_compressionLevel]: zstdLevel, [constants.ZSTD_c_checksumFlag]: 1 }
      const compressing = createZstdCompress({ params, chunkSize: blockSize })
      // an error of either stream ends both, and reaches the reader through the second
      pipeline(Readable.from(blocks, { highWaterMark: 1 }), compressing, () => {})
      for await (const chunk of compressing) yield chunk as Buffer
    },
  }
}

/** What node:zlib has of zstd; the type declarations of Node.js 20 do not know it. */
interface ZstdOfNode {
  readonly createZstdCompress?: (options: { params: Record<number, number>; chunkSize: number }) => Duplex
  readonly constants: { readonly ZSTD_c_compressionLevel: number; readonly ZSTD_c_checksumFlag: number }
}

const deflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.deflateRaw)

/** gzip's header (RFC 1952): deflate, no name, no time, unknown system, as Go's compress/gzip writes it. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
/** An empty last deflate block (RFC 1951, fixed codes). */
const lastBlock = Buffer.from([3, 0])

/**
 * gzip on several threads in the manner of pigz: each block is deflated by itself with the end of the block before as
 * its dictionary and ends on a byte, so that the results can be joined. How many threads there are changes no byte.
 */
async function* gzip(
  blocks: AsyncIterable<Buffer>,
  release?: (block: Buffer) => void,
): AsyncIterable<Buffer> {
  yield gzipHeader
  let checksum = 0
  let size = 0
  let before: Buffer | undefined
  const running: { readonly block: Buffer; readonly deflating: Promise<Buffer> }[] = []
  for await (const block of blocks) {
    checksum = zlib.crc32(block, checksum)
    size += block.length
    const deflating = deflateRaw(block, {
      level: gzipLevel,
      memLevel: 9,
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
      chunkSize: blockSize / 2,
      ...(before && { dictionary: before.subarray(-32 * 1024) }),
    })
    deflating.catch(() => {}) // awaited below, unless reading fails first
    running.push({ block, deflating })
    before = block
    if (running.length < inFlight) continue
    const [oldest] = running.splice(0, 1)
    if (!oldest) continue
    yield await oldest.deflating
    release?.(oldest.block)
  }
  for (const { deflating } of running) yield await deflating
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(checksum, 0)
  trailer.writeUInt32LE(size % 2 ** 32, 4)
  yield Buffer.concat([lastBlock, trailer])
}
