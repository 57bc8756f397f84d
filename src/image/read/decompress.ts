import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { Failure, isFailure } from '../../errors.ts'

const chunkSize = 256 * 1024

/** zlib of this Node, which has zstd from 22.15 on. */
const { createZstdDecompress } = zlib as {
  createZstdDecompress?: (options: object) => NodeJS.ReadWriteStream
}

/** ZSTD_d_windowLogMax, and what it is set to: 64 MiB. The format's default would take 128 MiB for each layer at once. */
const zstdWindowLogMax = 100
const largestWindow = 26

/** A layer that this Node has no means to look into: its digest can be checked, its files cannot. */
export class UnreadableCompression extends Failure {
  constructor(where: string) {
    super({
      kind: 'tool',
      what: 'The layer is compressed with zstd',
      where,
      why: `Node ${process.versions.node} does not read zstd`,
      fix: 'run xbuild with Node 22.15 or newer',
    })
    this.name = 'UnreadableCompression'
  }
}

/**
 * The uncompressed bytes of a layer. The compression is told by its first bytes, as containerd does, whatever the media
 * type says.
 * @throws {Failure} verification, when it is damaged; UnreadableCompression
 */
export async function* decompress(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    let start = Buffer.alloc(0)
    while (start.length < 4) {
      const next = await iterator.next()
      if (next.done) break
      start = Buffer.concat([start, next.value])
    }
    const all = (async function* () {
      yield start
      yield* { [Symbol.asyncIterator]: () => iterator }
    })()
    const stream = decompressor(start, where)
    yield* stream ? through(all, stream, where) : all
  } finally {
    await iterator.return?.()
  }
}

function decompressor(start: Buffer, where: string): NodeJS.ReadWriteStream | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return zlib.createGunzip({ chunkSize })
  if (start.toString('hex', 0, 4) !== '28b52ffd' && !isSkippableFrame(start)) return undefined
  if (!createZstdDecompress) throw new UnreadableCompression(where)
  return createZstdDecompress({ chunkSize, params: { [zstdWindowLogMax]: largestWindow } })
}

/** Zstandard's skippable frames (RFC 8878, 3.1.2) have 16 magic numbers. */
function isSkippableFrame(start: Buffer): boolean {
  return start.length >= 4 && (start.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50
}

async function* through(chunks: AsyncIterable<Uint8Array>, stream: NodeJS.ReadWriteStream, where: string) {
  const done = pipeline(Readable.from(chunks, { objectMode: false }), stream)
  done.catch(() => {}) // thrown below
  try {
    yield* stream as AsyncIterable<Buffer>
    await done
  } catch (error) {
    if (isFailure(error)) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (!/^Z_|^ZSTD_|^ERR_/.test(code ?? '')) throw error
    throw new Failure({
      kind: 'verification',
      what: 'A layer cannot be decompressed',
      where,
      why: message,
      fix: 'push or write the image again',
      cause: error,
    })
  }
}
