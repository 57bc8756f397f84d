import { TransientError } from './retry.ts'
import { createTransport, type TransportOptions } from './transport.ts'

/**
 * What time a registry has, in milliseconds since 1970, by the Date header of its answer to an unauthenticated `GET /v2/`;
 * undefined where it states none.
 * @throws {Failure} registry, when it does not answer; interrupted.
 */
export async function serverTime(registry: string, options: TransportOptions): Promise<number | undefined> {
  const transport = createTransport(options)
  try {
    const url = new URL(`${await transport.baseUrl(registry)}/v2/`)
    const response = await transport.send({ method: 'GET', url })
    await response.discard()
    const time = Date.parse(response.headers['date'] ?? '')
    return Number.isFinite(time) ? time : undefined
  } catch (error) {
    throw error instanceof TransientError ? error.failure : error
  } finally {
    await transport.close()
  }
}
