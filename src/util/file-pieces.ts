import type { FileHandle } from 'node:fs/promises'

const pieceSize = 1024 * 1024

/**
 * The rest of a file, piece by piece, in one buffer: a piece is good until the next one is asked for. A stream takes a
 * new buffer for each, and those of a large file fill the memory faster than they are given back.
 */
export async function* filePieces(handle: FileHandle): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(pieceSize)
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, pieceSize, null)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}
