import { afterEach, describe, expect, it, vi } from 'vitest'
import { builder } from '../../../src/doctor/checks/builder.ts'
import { readEngine } from '../../../src/doctor/engine.ts'
import { failureOf } from '../../support/failure-of.ts'
import { fakeTools, type Reply } from '../../support/fake-tools.ts'
import { around } from './around.ts'

afterEach(() => vi.unstubAllEnvs())

const read = async (reply?: Reply) => {
  const fakes = await fakeTools(reply ? { docker: reply } : {})
  vi.stubEnv('PATH', reply ? fakes.path : fakes.bin)
  return readEngine('/', Date.now, new AbortController().signal)
}

describe('readEngine', () => {
  it('reads what docker info says', async () => {
    const info = {
      ServerVersion: '29.0.0',
      SystemTime: '2026-11-26T17:51:28.60567365Z',
      HttpsProxy: 'http://proxy:3128',
      DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
      ClientInfo: { Context: 'farm' },
    }
    expect(await read({ stdout: JSON.stringify(info) })).toMatchObject({
      version: '29.0.0',
      context: 'farm',
      hasProxy: true,
      containerdStore: true,
      time: { engine: Date.parse('2026-11-26T17:51:28.605Z') },
    })
    expect(await read({ stdout: '{"ServerVersion": "20.10.0"}' })).toEqual({
      version: '20.10.0',
      context: 'default',
      hasProxy: false,
      containerdStore: false,
    })
  })

  it.each<[string, Reply | undefined, object]>([
    ['no docker', undefined, { kind: 'tool', what: 'There is no docker', fix: /docs\.docker\.com/ }],
    [
      'errors of the server',
      { stdout: '{"ServerErrors": ["Cannot connect to the Docker daemon"]}', exitCode: 1 },
      { kind: 'image', why: 'Cannot connect to the Docker daemon', fix: /systemctl start docker/ },
    ],
    [
      'no permission',
      { stdout: '{"ServerErrors": ["permission denied while trying to connect"]}', exitCode: 1 },
      { kind: 'image', fix: /usermod -aG docker/ },
    ],
    ['an old docker', { stderr: 'ERROR: a\nlast line\n', exitCode: 1 }, { why: 'last line' }],
    ['nothing', { stdout: '{}' }, { why: 'docker info gave no answer' }],
    ['junk', { stdout: '{"ServerVersion":' }, { why: 'docker info gave no answer' }],
  ])('fails with %s', async (_, reply, expected) => {
    const failure = await failureOf(read(reply))
    for (const [key, value] of Object.entries(expected))
      expect(failure[key as 'fix']).toEqual(value instanceof RegExp ? expect.stringMatching(value) : value)
  })
})

it('a builder that does not run yet is started by the first build', async () => {
  const found = await builder.run(await around({ builder: { running: false } }))
  expect(found).toMatchObject({ status: 'ok' })
  expect(found.details).toContain('its node does not run; the first build starts it')
})
