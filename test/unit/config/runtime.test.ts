import { describe, expect, it, test } from 'vitest'
import { runtimeOptions } from '../../../src/config/runtime.ts'
import { failureOf } from '../../support/failure-of.ts'

type Table = Parameters<typeof runtimeOptions>[0]

test.each<[string, Table, object]>([
  ['nothing', {}, { volumes: [] }],
  ['volumes, once each', { volumes: ['/data/', '/data', '/b'] }, { volumes: ['/data', '/b'] }],
  ['a signal as docker takes it', { 'stop-signal': 'int' }, { stopSignal: 'SIGINT' }],
  ['a signal by number', { 'stop-signal': '2' }, { stopSignal: '2' }],
  ['a real-time signal', { 'stop-signal': 'SIGRTMIN+3' }, { stopSignal: 'SIGRTMIN+3' }],
  ['no health check', { healthcheck: false }, { healthcheck: { test: [] } }],
  ['NONE, as an image config has it', { healthcheck: { test: ['NONE'] } }, { healthcheck: { test: [] } }],
  ['CMD, as compose has it', { healthcheck: { test: ['CMD', '/a'] } }, { healthcheck: { test: ['/a'] } }],
  [
    'every key of a health check',
    {
      healthcheck: {
        test: ['/server', 'health'],
        interval: '30s',
        timeout: '5s',
        'start-period': '10s',
        'start-interval': '1s',
        retries: 3,
      },
    },
    {
      healthcheck: {
        test: ['/server', 'health'],
        interval: 30e9,
        timeout: 5e9,
        startPeriod: 10e9,
        startInterval: 1e9,
        retries: 3,
      },
    },
  ],
])('%s', (_, table, expected) => expect(runtimeOptions(table)).toMatchObject(expected))

describe('refuses by name', () => {
  it.each<[string, Table]>([
    ['volumes', { volumes: ['data'] }],
    ['volumes', { volumes: ['/'] }],
    ['volumes', { volumes: ['/a/../b'] }],
    ['volumes', { volumes: ['/$HOME'] }],
    ['stop-signal', { 'stop-signal': 'SIGFOO' }],
    ['stop-signal', { 'stop-signal': '0' }],
    ['stop-signal', { 'stop-signal': '' }],
    ['healthcheck.test', { healthcheck: { test: ['CMD-SHELL', 'curl -f http://localhost'] } }],
    ['healthcheck.interval', { healthcheck: { test: ['/a'], interval: '30' } }],
    ['healthcheck.start-period', { healthcheck: { test: ['/a'], 'start-period': '1us' } }],
  ])('%s in %j', async (key, table) => {
    const failure = await failureOf(() => runtimeOptions(table))
    expect(failure).toMatchObject({ kind: 'usage', what: expect.stringMatching(`^${key} cannot be `) })
  })
})
