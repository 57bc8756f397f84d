import { describe, expect, it } from 'vitest'
import { builder } from '../../../src/doctor/checks/builder.ts'
import { engine } from '../../../src/doctor/checks/engine.ts'
import { nodes } from '../../../src/doctor/checks/nodes.ts'
import { Failure } from '../../../src/errors.ts'
import { parseNodes } from '../../../src/image/buildx/nodes.ts'
import { around, type Changes, gone, hanging } from './around.ts'

const classic = { name: 'default', driver: 'docker', containerdStore: false, loadsSeveral: false } as const
const create = 'docker buildx create --name xbuild --driver docker-container --bootstrap --use'

describe('builder', () => {
  const look = async (changes: Changes) => builder.run(await around(changes))

  it('says what an able one can do', async () => {
    expect(await look({})).toMatchObject({
      status: 'ok',
      why: 'ci (docker-container driver, buildx 0.29.1, BuildKit v0.25.0)',
      details: ['can: several platforms, push, load several platforms, OCI archives, caches, attestations'],
    })
  })

  it.each<[string, Changes, object]>([
    [
      'no daemon',
      { builder: gone },
      { status: 'warning', why: /does not answer: Cannot connect/, fix: /systemctl/ },
    ],
    [
      'no daemon, and a cache to write',
      { builder: gone, flags: { cacheTo: ['type=gha'] } },
      { status: 'problem' },
    ],
    ['no daemon, and --cache', { builder: gone, flags: { cache: 'registry' } }, { status: 'problem' }],
    [
      'no daemon, and buildx asked for',
      { builder: gone, flags: { backend: 'buildx' } },
      { status: 'problem' },
    ],
    ['one that hangs', { builder: hanging }, { status: 'problem', why: /no answer within/ }],
    ['the classic store', { builder: classic }, { status: 'warning', why: /several platforms/, fix: create }],
    ['the classic store, one platform', { builder: classic, platforms: ['linux/arm64'] }, { status: 'ok' }],
    [
      'a container that cannot reach localhost',
      { builder: { hostNetwork: false }, repositories: ['localhost:5000/app'] },
      { status: 'warning', why: /cannot reach localhost:5000/, fix: /--driver-opt network=host/ },
    ],
    [
      'a named one that is not there',
      {
        flags: { builder: 'farm' },
        builder: new Failure({
          kind: 'image',
          what: 'There is no builder "farm"',
          why: 'no builder "farm" found',
        }),
      },
      { status: 'problem', fix: 'docker buildx create --name farm --driver docker-container --bootstrap' },
    ],
    ['the other backend', { flags: { backend: 'oci' }, builder: gone }, { status: 'not applicable' }],
  ])('%s', async (_, changes, expected) => {
    const found = await look(changes)
    for (const [key, value] of Object.entries(expected))
      expect(found[key as keyof typeof found]).toEqual(
        value instanceof RegExp ? expect.stringMatching(value) : value,
      )
  })

  it('repairs by a new builder', async () => {
    const { repairs } = await look({ builder: classic })
    expect(repairs?.map(({ command }) => [command.tool, ...command.args].join(' '))).toEqual([create])
  })
})

describe('nodes', () => {
  const inspected = `Name:   farm
Driver: remote

Nodes:
Name:      farm0
Endpoint:  tcp://one:1234
Status:    running
Platforms: linux/amd64, linux/amd64/v2, linux/386

Name:      farm1
Endpoint:  tcp://two:1234
Status:    running
Driver Options: env.HTTPS_PROXY="http://proxy:3128"
Platforms: linux/arm64*, linux/arm64, linux/arm/v7
File#buildkitd.toml:
 > [registry."registry.lan"]
 >   ca=["/ca.crt"]
`
  it('reads them from buildx', () => {
    expect(parseNodes(inspected)).toMatchObject([
      {
        name: 'farm0',
        endpoint: 'tcp://one:1234',
        status: 'running',
        asked: [],
        native: 'linux/amd64',
        config: '',
      },
      {
        name: 'farm1',
        asked: ['linux/arm64'],
        native: 'linux/arm64',
        driverOptions: expect.stringContaining('proxy:3128'),
        config: expect.stringContaining('registry.lan'),
      },
    ])
  })

  it('says which builds what, natively or not', async () => {
    const found = await nodes.run(
      await around({
        nodes: parseNodes(inspected),
        platforms: ['linux/amd64', 'linux/arm64', 'linux/386', 'linux/s390x'],
      }),
    )
    expect(found).toEqual({
      status: 'ok',
      why: '2 nodes',
      details: [
        'linux/amd64: farm0 (tcp://one:1234), natively',
        'linux/arm64: farm1 (tcp://two:1234), natively',
        'linux/386: farm0 (tcp://one:1234), emulated',
        'linux/s390x: no node runs it; images without RUN are made all the same',
      ],
    })
  })

  it('knows nothing of one that does not run yet', async () => {
    const found = await nodes.run(await around({ nodes: [{ status: 'inactive', platforms: [] }] }))
    expect(found).toMatchObject({ status: 'ok', details: [expect.stringMatching(/once it runs/)] })
  })

  it('warns of one that is dead, and asks nobody where there is no builder', async () => {
    const dead = { name: 'farm1', status: 'error', error: 'connection refused' }
    expect(await nodes.run(await around({ nodes: [{}, dead] }))).toMatchObject({
      status: 'warning',
      why: 'farm1 does not answer: connection refused',
    })
    expect(await nodes.run(await around({ nodes: [] }))).toMatchObject({ status: 'not applicable' })
  })
})

describe('engine', () => {
  it.each<[string, Changes, object]>([
    ['fine', {}, { status: 'ok', why: 'engine 29.0.0, context default, containerd’s image store' }],
    ['silent', { engine: hanging }, { status: 'problem' }],
    ['gone', { engine: gone }, { status: 'warning', fix: 'sudo systemctl start docker' }],
    [
      'a context that DOCKER_HOST hides',
      { env: { DOCKER_HOST: 'unix:///run/a.sock', DOCKER_CONTEXT: 'farm' } },
      {
        status: 'warning',
        why: 'DOCKER_CONTEXT=farm has no effect, because DOCKER_HOST is set',
        fix: 'unset DOCKER_HOST',
      },
    ],
    [
      'TCP without TLS',
      { env: { DOCKER_HOST: 'tcp://build.lan:2375' } },
      { status: 'warning', fix: 'export DOCKER_HOST=ssh://USER@build.lan' },
    ],
    [
      'TCP of no host',
      { env: { DOCKER_HOST: 'tcp://:2375' } },
      { status: 'warning', fix: 'export DOCKER_HOST=ssh://USER@HOST' },
    ],
    ['TCP on this machine', { env: { DOCKER_HOST: 'tcp://127.0.0.1:2375' } }, { status: 'ok' }],
    ['not used', { flags: { backend: 'oci' } }, { status: 'not applicable' }],
  ])('%s', async (_, changes, expected) => {
    expect(await engine.run(await around(changes))).toMatchObject(expected)
  })
})
