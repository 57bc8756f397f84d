import { createHash, type Hash } from 'node:crypto'

/**
 * The hash of a stream, in hexadecimal.
 * @param algorithm as Node.js names it, which is how an OCI digest does too
 */
export async function hashStream(chunks: AsyncIterable<Uint8Array>, algorithm = 'sha256'): Promise<string> {
  const hash = createHash(algorithm)
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

/** Hands a stream on and adds each chunk to `hash` on the way. */
export async function* hashing<Chunk extends Uint8Array>(
  chunks: AsyncIterable<Chunk>,
  hash: Pick<Hash, 'update'>,
): AsyncGenerator<Chunk, void, undefined> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
