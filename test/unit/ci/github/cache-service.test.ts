import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { findCacheService } from '../../../../src/ci/github/cache-service.ts'
import { temporaryFolder } from '../../../support/projects.ts'

vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }))
afterEach(() => void vi.unstubAllGlobals())

const secret = 'http://127.0.0.1:1/blob?sig=secret'

/** Restores by a service that answers its calls like this, and whose storage cannot be reached. */
async function restoreFrom(answer: object): Promise<string> {
  const real = fetch
  vi.stubGlobal('fetch', (address: string | URL, init: RequestInit) =>
    String(address).includes('/twirp/') ? Response.json(answer) : real(address, init),
  )
  const env = {
    ACTIONS_RUNTIME_TOKEN: 'x',
    ACTIONS_RESULTS_URL: 'http://x/',
    ACTIONS_CACHE_SERVICE_V2: 'true',
  }
  const service = findCacheService(env)
  if (typeof service === 'string') return service
  return service.restore('key', [], 'v', join(await temporaryFolder(), 'file')).then(String, String)
}

test.each([
  [secret, 'Error: the cache service cannot be reached: bad port'],
  [secret.replace(':1/', ':2/'), 'Error: the cache service cannot be reached: ECONNREFUSED'],
  [secret.replace('http:/', ''), 'Error: the cache service cannot be reached: ERR_INVALID_URL'],
])('an error says why, and not the signed address %s', async (address, text) => {
  expect(await restoreFrom({ ok: true, signed_download_url: address })).toBe(text)
})

test('what is not there is no error', async () => {
  expect(await restoreFrom({ ok: false })).toBe('undefined')
})
