import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type BuilderFacts, parseInspection } from '../../../../src/image/buildx/builder.ts'
import { type BuilderNeeds, checkBuilder } from '../../../../src/image/buildx/check-builder.ts'
import type { Destination } from '../../../../src/image/destination.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { failureOf } from '../../../support/failure-of.ts'

const recorded = (name: string) =>
  readFileSync(new URL(`../../../fixtures/buildx/inspect-${name}.txt`, import.meta.url), 'utf8')

describe.each(['0.13', '0.29'])('what buildx %s says of', version => {
  const inspect = (name: string) => parseInspection(recorded(`${name}-${version}`))

  it('an engine with the containerd store', () => {
    expect(inspect('containerd')).toMatchObject({
      name: 'default',
      driver: 'docker',
      endpoint: 'default',
      nodes: 1,
      running: true,
      containerdStore: true,
      hostNetwork: false,
    })
    expect(inspect('containerd').platforms).toContain('linux/arm/v7')
  })

  it('an engine with the classic store', () => {
    expect(inspect('classic')).toMatchObject({ driver: 'docker', running: true, containerdStore: false })
  })

  it('a builder of two nodes', () => {
    const { platforms, ...facts } = inspect('nodes')
    expect(facts).toMatchObject({ name: 'r2', driver: 'remote', nodes: 2, running: true })
    expect(platforms.filter(platform => platform === 'linux/arm64')).toHaveLength(1)
    expect(platforms.join()).not.toMatch(/[*\s]/)
    expect(facts.asked).toEqual(['linux/amd64', 'linux/arm64'])
  })

  it('a container that is not started yet', () => {
    expect(inspect('container')).toMatchObject({
      name: 'dc',
      driver: 'docker-container',
      running: false,
      platforms: [],
      hostNetwork: true,
    })
  })

  it('an engine that is gone', () => {
    expect(inspect('gone')).toMatchObject({
      name: 'default',
      running: false,
      error:
        'Cannot connect to the Docker daemon at unix:///nowhere/docker.sock. Is the docker daemon running?',
    })
  })
})

const builder = (facts: Partial<BuilderFacts> = {}): BuilderFacts => ({
  name: 'b',
  driver: 'docker',
  buildx: '0.29.1',
  endpoint: 'default',
  nodes: 1,
  running: true,
  platforms: ['linux/amd64'],
  asked: [],
  containerdStore: true,
  hostNetwork: false,
  ...facts,
})
const classic = builder({ containerdStore: false, loadsSeveral: false })
const container = builder({ driver: 'docker-container', loadsSeveral: true })
const beside = builder({ driver: 'remote', loadsSeveral: false })

const push = (...references: string[]): Destination => ({ type: 'push', references })
const archive: Destination = { type: 'archive', path: '/x.tar' }
const layout: Destination = { type: 'layout', path: '/x' }
const load: Destination = { type: 'load' }
const dockerArchive: Destination = { type: 'docker-archive', path: '/x.tar' }
const raw = (value: string): Destination => ({ type: 'buildx', value })

const wants = (
  platforms: string,
  destinations: readonly Destination[],
  more: Partial<BuilderNeeds> = {},
) => ({
  platforms: parsePlatforms([platforms]),
  destinations,
  cacheTo: [],
  ...more,
})
const one = 'linux/amd64'
const two = 'linux/amd64,linux/s390x'
const remote = push('registry.example.com/app:1')

describe('checkBuilder lets pass', () => {
  it.each<[string, BuilderFacts, BuilderNeeds]>([
    [
      'everything on the containerd store',
      builder({ loadsSeveral: true }),
      wants(two, [remote, archive, layout, load]),
    ],
    ['a platform that the builder does not list', builder(), wants('linux/s390x', [remote])],
    ['a push of one platform on the classic store', classic, wants(one, [remote])],
    ['--load of one platform on the classic store', classic, wants(one, [load])],
    ['files of one platform on the classic store', classic, wants(one, [raw('type=local,dest=out')])],
    ['inline cache on the classic store', classic, wants(one, [remote], { cacheTo: ['type=inline'] })],
    [
      'everything in a container',
      container,
      wants(two, [remote, archive, load], { cacheTo: ['type=gha'], attestations: true }),
    ],
    ['--load of one platform beside a classic store', beside, wants(one, [load])],
    ['--load where the engine was not asked', builder({ driver: 'remote' }), wants(two, [load])],
    [
      'localhost from a container on the host’s network',
      { ...container, hostNetwork: true },
      wants(one, [push('localhost:5000/a')]),
    ],
    ['localhost from the engine itself', builder(), wants(two, [push('localhost:5000/a')])],
    ['an archive for docker load of one platform', builder(), wants(one, [dockerArchive])],
    [
      'a push by digest in a container',
      container,
      wants(two, [{ ...remote, byDigest: true } as Destination]),
    ],
    [
      'push by digest elsewhere',
      container,
      wants(two, [raw('type=image,name=x,push-by-digest=true,push=true')]),
    ],
  ])('%s', (_, facts, asked) => {
    expect(() => checkBuilder(facts, asked)).not.toThrow()
  })
})

describe('checkBuilder refuses', () => {
  const create =
    /^docker buildx create --name xbuild --driver docker-container --bootstrap, then --builder xbuild$/
  const createNear =
    /^docker buildx create --name xbuild-host --driver docker-container --driver-opt network=host --bootstrap, /

  it.each<[string, BuilderFacts, BuilderNeeds, RegExp, RegExp]>([
    ['several platforms on the classic store', classic, wants(two, [remote]), /several platforms/, create],
    [
      'with a registry on localhost',
      classic,
      wants(two, [push('127.0.0.1:5000/app:1')]),
      /several platforms/,
      createNear,
    ],
    ['an archive on the classic store', classic, wants(one, [archive]), /an OCI archive/, create],
    ['a layout on the classic store', classic, wants(one, [layout]), /an OCI archive/, create],
    [
      'buildx’s own oci output there',
      classic,
      wants(one, [raw('dest=x,type=oci')]),
      /an OCI archive/,
      create,
    ],
    ['a docker archive there', classic, wants(one, [dockerArchive]), /a Docker archive/, create],
    [
      'a cache export there',
      classic,
      wants(one, [remote], { cacheTo: ['type=gha,mode=max'] }),
      /export its cache/,
      create,
    ],
    [
      'a cache export in short form there',
      classic,
      wants(one, [remote], { cacheTo: ['user/app:cache'] }),
      /export its cache/,
      create,
    ],
    ['attestations there', classic, wants(one, [remote], { attestations: true }), /provenance/, create],
    [
      'push by digest from the engine',
      builder(),
      wants(one, [raw('type=image,push-by-digest=true')]),
      /by digest/,
      create,
    ],
    [
      '--push-by-digest from the engine',
      builder(),
      wants(one, [{ ...remote, byDigest: true } as Destination]),
      /by digest/,
      create,
    ],
    [
      '--load of several into a classic store',
      beside,
      wants(two, [load]),
      /cannot load/,
      /--load --platform linux\/amd64/,
    ],
    [
      'the same from that store’s own builder',
      classic,
      wants(two, [load]),
      /cannot load/,
      /--load --platform/,
    ],
    [
      'the same as type=docker',
      beside,
      wants(two, [raw('type=docker')]),
      /cannot load/,
      /containerd-snapshotter/,
    ],
    [
      'several platforms in an archive for docker load',
      container,
      wants(two, [dockerArchive]),
      /holds one platform/,
      /-o image\.oci\.tar/,
    ],
    [
      'localhost from a container',
      container,
      wants(one, [push('localhost:5000/a')]),
      /cannot reach localhost:5000/,
      createNear,
    ],
  ])('%s', async (_, facts, asked, what, fix) => {
    const failure = await failureOf(() => checkBuilder(facts, asked))
    expect(failure).toMatchObject({ kind: 'image', where: expect.stringContaining('builder b') })
    expect(failure.what).toMatch(what)
    expect(failure.fix).toMatch(fix)
  })
})
