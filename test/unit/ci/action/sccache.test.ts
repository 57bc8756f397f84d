import { expect, test } from 'vitest'
import { sccacheSettings } from '../../../../src/ci/action/run-action.ts'

const service = {
  ACTIONS_RUNTIME_TOKEN: 'x',
  ACTIONS_RESULTS_URL: 'https://results.example.com/',
  ACTIONS_CACHE_SERVICE_V2: 'true',
}

test.each([
  [service, { SCCACHE_GHA_ENABLED: 'true' }],
  [{ ...service, SCCACHE_LOG: 'info' }, { SCCACHE_GHA_ENABLED: 'true' }],
  [{ ...service, SCCACHE_BUCKET: 'b' }, {}],
  [{ ...service, SCCACHE_DIR: '/d' }, {}],
  [{ ...service, ACTIONS_RUNTIME_TOKEN: '' }, {}],
])('in %j sccache gets %j', (env, settings) => expect(sccacheSettings(env)).toEqual(settings))
