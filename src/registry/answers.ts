import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { registryFailure } from './failures.ts'

/**
 * Content as it is. No encoding is asked for, and some servers and proxies compress all the same.
 * @throws {Failure} registry, from the iteration, where it is not compressed as its header says.
 */
export async function* decoded(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string | string[] | undefined,
  url: URL,
): AsyncIterable<Uint8Array> {
  if (!/^(x-)?gzip$/i.test(String(encoding).trim())) return yield* chunks
  // Its error is that of the iteration.
  const unpacked = pipeline(Readable.from(chunks, { objectMode: false }), createGunzip(), () => {})
  try {
    yield* unpacked
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!code.startsWith('Z_')) throw error
    throw registryFailure(
      'The registry answered with content that is not compressed as it says',
      `${url.origin}${url.pathname}`,
      `Content-Encoding: gzip, and ${code}`,
    )
  }
}

/** Of a header that came several times the first counts, but for challenges, which may be several. */
export function joinHeaders(
  headers: Record<string, string | string[] | undefined>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (!Array.isArray(value)) return [name, value]
      return [name, name === 'www-authenticate' ? value.join(', ') : value[0]]
    }),
  )
}
