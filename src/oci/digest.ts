import { createHash } from 'node:crypto'
import { Failure } from '../errors.ts'

/** `sha256:…` of the bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/**
 * Checks whole content against the digest it was asked by.
 * @throws {Failure} verification, when the bytes are others.
 */
export function checkBytes(bytes: Uint8Array, digest: string, where: string): void {
  const actual = hashFor(digest).update(bytes).digest('hex')
  if (digest !== `${algorithm(digest)}:${actual}`)
    throw mismatch(where, digest, `${algorithm(digest)}:${actual}`)
}

/**
 * Hands content on while it is checked: the last chunk is followed by an error when digest or size are others, and
 * nothing is handed on past the size.
 * @throws {Failure} verification, from the iteration.
 */
export async function* checkStream(
  chunks: AsyncIterable<Uint8Array>,
  { digest, size }: { readonly digest: string; readonly size: number },
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = hashFor(digest)
  let received = 0
  for await (const chunk of chunks) {
    received += chunk.length
    if (received > size) throw mismatch(where, `${size} bytes`, 'more')
    hash.update(chunk)
    yield chunk
  }
  if (received < size) throw mismatch(where, `${size} bytes`, String(received))
  const actual = `${algorithm(digest)}:${hash.digest('hex')}`
  if (actual !== digest) throw mismatch(where, digest, actual)
}

function algorithm(digest: string): string {
  return digest.slice(0, digest.indexOf(':'))
}

function hashFor(digest: string) {
  return createHash(algorithm(digest))
}

function mismatch(where: string, expected: string, actual: string): Failure {
  return new Failure({
    kind: 'verification',
    what: 'Content is not what its digest says',
    where,
    why: `expected ${expected}, got ${actual}`,
    fix: 'it was altered or damaged on the way or where it is kept; push or write the image again',
  })
}
