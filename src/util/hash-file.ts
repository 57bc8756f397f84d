import { open } from 'node:fs/promises'
import { filePieces } from './file-pieces.ts'
import { hashStream } from './hash-stream.ts'

/** The SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const handle = await open(path, 'r')
  try {
    return await hashStream(filePieces(handle))
  } finally {
    await handle.close()
  }
}
