import { describe, expect, it } from 'vitest'
import {
  flattenIndex,
  type ImageIndex,
  isAttestation,
  mediaTypes,
  parseConfig,
  parseManifest,
  platformId,
} from '../../../src/oci/manifest.ts'
import { failureOf } from '../../support/failure-of.ts'
import { sha256 } from '../../support/fault-registry.ts'

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const descriptor = (content: string, mediaType: string = mediaTypes.manifest) => ({
  mediaType,
  digest: sha256(content),
  size: content.length,
})
const config = descriptor('c', mediaTypes.config)
const index = { schemaVersion: 2, manifests: [descriptor('a')] }
const manifest = { schemaVersion: 2, config, layers: [descriptor('l', mediaTypes.layer)] }

describe('parseManifest', () => {
  it('tells an index from a manifest by its media type, else by its form', () => {
    expect(parseManifest(bytes(index), undefined, 'x')).toMatchObject({
      kind: 'index',
      mediaType: mediaTypes.index,
    })
    expect(parseManifest(bytes(manifest), undefined, 'x')).toMatchObject({
      kind: 'image',
      layers: [{ size: 1 }],
    })
    expect(parseManifest(bytes(index), mediaTypes.dockerIndex, 'x')).toMatchObject({ kind: 'index' })
    const own = { ...manifest, mediaType: mediaTypes.dockerManifest }
    expect(parseManifest(bytes(own), mediaTypes.dockerManifest, 'x')).toMatchObject({ kind: 'image' })
  })

  it('takes null for absent, as Go writes empty lists', () => {
    const entry = { ...descriptor('a'), annotations: null, platform: null }
    const parsed = parseManifest(bytes({ ...index, annotations: null, manifests: [entry] }), undefined, 'x')
    expect(parsed).toMatchObject({ kind: 'index', annotations: {}, manifests: [{ annotations: {} }] })
  })

  it.each<[string, unknown, string | undefined]>([
    ['no JSON', '{"schemaVersion":2,"mani', undefined],
    ['no object', '[1]', undefined],
    ['null', 'null', undefined],
    ['an index and a manifest at once', { ...index, ...manifest }, undefined],
    ['an index with layers', { ...index, layers: [] }, undefined],
    ['an index described as a manifest', { ...index, mediaType: mediaTypes.index }, mediaTypes.manifest],
    ['an index in the form of a manifest', manifest, mediaTypes.index],
    ['schema 1', { schemaVersion: 1, name: 'a', fsLayers: [] }, undefined],
    ['another type', { ...manifest, mediaType: 'application/x' }, undefined],
    ['a digest that is none', { ...manifest, config: { ...config, digest: 'sha256:abc' } }, undefined],
    ['a digest that climbs', { ...manifest, config: { ...config, digest: 'sha256:../../etc' } }, undefined],
    ['a negative size', { ...manifest, config: { ...config, size: -1 } }, undefined],
    ['a size beyond reason', { ...manifest, config: { ...config, size: 1e300 } }, undefined],
    ['a size that is text', { ...manifest, config: { ...config, size: '1' } }, undefined],
    ['layers that are none', { ...manifest, layers: {} }, undefined],
    ['annotations that are none', { ...manifest, annotations: { a: 1 } }, undefined],
  ])('refuses %s', async (_name, value, described) => {
    const failure = await failureOf(() => parseManifest(bytes(value), described, 'the place'))
    expect(failure).toMatchObject({ kind: 'verification', where: 'the place' })
    expect(failure.why).toBeTruthy()
  })

  it('refuses text that is no UTF-8', async () => {
    const broken = Buffer.concat([bytes(index).subarray(0, -1), Buffer.from([0xff]), Buffer.from('}')])
    expect((await failureOf(() => parseManifest(broken, undefined, 'x'))).why).toContain('JSON')
  })
})

describe('parseConfig', () => {
  const minimal = { os: 'linux', architecture: 'arm64', rootfs: { type: 'layers', diff_ids: [sha256('l')] } }

  it('reads what there is', () => {
    expect(parseConfig(bytes(minimal), 'x')).toMatchObject({
      os: 'linux',
      diffIds: [sha256('l')],
      config: { Entrypoint: [], Cmd: [], Labels: {} },
    })
    const run = { Entrypoint: null, Cmd: ['a'], Labels: null, ExposedPorts: { '80/tcp': {} }, Env: null }
    expect(parseConfig(bytes({ ...minimal, config: run }), 'x').config).toMatchObject({
      Entrypoint: [],
      Cmd: ['a'],
      ExposedPorts: ['80/tcp'],
    })
  })

  it.each([
    ['no platform', { rootfs: minimal.rootfs }],
    ['no rootfs', { os: 'linux', architecture: 'arm64' }],
    ['an entrypoint of text', { ...minimal, config: { Entrypoint: '/app' } }],
    ['a diff_id that is none', { ...minimal, rootfs: { type: 'layers', diff_ids: ['x'] } }],
  ])('refuses %s', async (_name, value) => {
    expect((await failureOf(() => parseConfig(bytes(value), 'x'))).kind).toBe('verification')
  })
})

describe('flattenIndex', () => {
  const indexOf = (...manifests: ImageIndex['manifests']): ImageIndex => ({
    kind: 'index',
    mediaType: mediaTypes.index,
    manifests,
    annotations: {},
  })
  const nested = (name: string) => descriptor(name, mediaTypes.index)

  it('gives the entries of nested indexes in their place', async () => {
    const load = async () => indexOf(descriptor('b'), descriptor('c'))
    const top = indexOf(descriptor('a'), nested('n'), descriptor('d'))
    const leaves = await flattenIndex(top, load, 'x')
    expect(leaves.map(({ digest }) => digest)).toEqual(['a', 'b', 'c', 'd'].map(sha256))
  })

  it('refuses an index that holds itself', async () => {
    const load = async () => indexOf(nested('n'))
    const failure = await failureOf(flattenIndex(indexOf(nested('n')), load, 'x'))
    expect(failure.why).toContain('holds itself')
  })

  it('refuses indexes without end, in depth and in width', async () => {
    let number = 0
    const deep = async () => indexOf(nested(String(number++)))
    expect((await failureOf(flattenIndex(indexOf(nested('n')), deep, 'x'))).why).toContain('deep')
    const wide = async () => indexOf(...Array.from({ length: 300 }, () => nested(String(number++))))
    expect((await failureOf(flattenIndex(indexOf(nested('n')), wide, 'x'))).why).toMatch(/more than|deep/)
    expect(number).toBeLessThan(100_000)
    const flat = indexOf(...Array.from({ length: 1001 }, (_, at) => descriptor(String(at))))
    expect((await failureOf(flattenIndex(flat, deep, 'x'))).why).toContain('more than 1000')
  })
})

it('knows attestations and platforms that are none', () => {
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' }
  expect(isAttestation({ ...descriptor('a'), annotations })).toBe(true)
  expect(isAttestation(descriptor('a'))).toBe(false)
  expect(platformId({ os: 'unknown', architecture: 'unknown' })).toBeUndefined()
  expect(platformId(undefined)).toBeUndefined()
  expect(platformId({ os: 'linux', architecture: 'arm64', variant: 'v8' })).toBe('linux/arm64')
})
