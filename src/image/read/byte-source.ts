import type { FileHandle } from 'node:fs/promises'

/** Bytes that are read in order. */
export interface ByteSource {
  readonly position: number
  /** The next `length` bytes; fewer only at the end. */
  read(length: number): Promise<Uint8Array>
  /** The next `length` bytes in pieces; fewer only at the end. */
  pieces(length: number): AsyncIterable<Uint8Array>
  skip(length: number): Promise<void>
}

/** Reads a stream. `drain` reads what is left. */
export function streamSource(chunks: AsyncIterable<Uint8Array>): ByteSource & { drain(): Promise<void> } {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  let position = 0
  const next = async (limit: number): Promise<Uint8Array | undefined> => {
    while (rest.length === 0) {
      const result = await iterator.next()
      if (result.done) return undefined
      rest = result.value
    }
    const piece = rest.subarray(0, limit)
    rest = rest.subarray(piece.length)
    position += piece.length
    return piece
  }
  async function* pieces(length: number) {
    let left = length
    while (left > 0) {
      const piece = await next(left)
      if (!piece) return
      left -= piece.length
      yield piece
    }
  }
  const skip = async (length: number) => {
    for await (const _ of pieces(length)) {
      // only passed over
    }
  }
  return {
    get position() {
      return position
    },
    async read(length) {
      const first = length > 0 ? await next(length) : undefined
      if (!first || first.length === length) return first ?? new Uint8Array(0)
      const all = [first]
      for await (const piece of pieces(length - first.length)) all.push(piece)
      return Buffer.concat(all)
    },
    pieces,
    skip,
    drain: () => skip(Number.POSITIVE_INFINITY),
  }
}

/** Reads a file; skipping costs nothing. */
export function fileSource(file: FileHandle, size: number, start = 0): ByteSource {
  let position = start
  const read = async (length: number) => {
    const buffer = Buffer.alloc(Math.min(length, Math.max(0, size - position)))
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    position += filled
    return buffer.subarray(0, filled)
  }
  return {
    get position() {
      return position
    },
    read,
    async *pieces(length) {
      let left = length
      while (left > 0) {
        const piece = await read(Math.min(left, 256 * 1024))
        if (piece.length === 0) return
        left -= piece.length
        yield piece
      }
    },
    async skip(length) {
      position = Math.min(size, position + length)
    },
  }
}
