import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { filePieces } from './file-pieces.ts'

/** The SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(path, 'r')
  try {
    for await (const piece of filePieces(handle)) hash.update(piece)
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}
