import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { ImageSource } from '../../../../src/image/read/image-source.ts'
import { openImage } from '../../../../src/image/read/source.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { sha256, startFaultRegistry } from '../../../support/fault-registry.ts'
import { buildTar } from '../../../support/tar-builder.ts'
import {
  buildImage,
  intoRegistry,
  layoutFiles,
  types,
  writeArchive,
  writeFolder,
} from '../../../support/test-image.ts'

const root = mkdtempSync(join(tmpdir(), 'source-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

let counter = 0
const place = (name = 'image') => join(root, `${++counter}-${name}`)
const image = buildImage(['linux/amd64', 'linux/arm64'])
const [amd64] = image.manifests

async function open(text: string): Promise<ImageSource> {
  const source = await openImage(text)
  opened.push(source)
  return source
}

const [folder, archive] = [place(), place('image.tar')]
writeFolder(folder, layoutFiles(image))
writeArchive(archive, layoutFiles(image))

describe.each([
  ['a folder', folder],
  ['an archive', archive],
  ['a registry', ''],
])('in %s', (_name, path) => {
  it('gives the index, its documents and blobs, each checked', async () => {
    let text = path
    if (path === '') {
      const registry = await startFaultRegistry()
      opened.push(registry)
      intoRegistry(registry, image, 'team/app', '1')
      text = `${registry.host}/team/app:1`
    }
    const source = await open(text)
    expect(await source.root()).toMatchObject(image.index)
    for (const [digest, { mediaType, bytes }] of image.blobs) {
      const descriptor = { mediaType, digest, size: bytes.length }
      if (mediaType === types.layer) expect((await buffer(source.blob(descriptor))).equals(bytes)).toBe(true)
      else expect(Buffer.from((await source.document(descriptor)) ?? []).equals(bytes)).toBe(true)
    }
    const missing = { mediaType: types.manifest, digest: sha256('none'), size: 4 }
    expect(await source.document(missing)).toBeUndefined()
    const failure = await failureOf(buffer(source.blob({ ...missing, mediaType: types.layer })))
    expect(failure).toMatchObject({ kind: 'verification', what: 'A part of the image is missing' })
  })
})

it('notices altered documents and blobs of a layout', async () => {
  const files = layoutFiles(image)
  for (const [path, bytes] of files) {
    if (!path.startsWith('blobs/')) continue
    const altered = Buffer.from(bytes)
    altered.writeUInt8(altered.readUInt8(5) ^ 1, 5)
    files.set(path, altered)
  }
  const source = await open(writeFolder(place(), files))
  expect((await failureOf(source.document(image.index))).kind).toBe('verification')
  const [layer] = [...image.blobs].filter(([, { mediaType }]) => mediaType === types.layer)
  const descriptor = {
    mediaType: types.layer,
    digest: layer?.[0] as string,
    size: layer?.[1].bytes.length as number,
  }
  expect((await failureOf(buffer(source.blob(descriptor)))).kind).toBe('verification')
})

describe('several images in one layout', () => {
  const other = buildImage(['linux/386'])
  const named = (descriptor: object, name: string) => ({
    ...descriptor,
    annotations: {
      'org.opencontainers.image.ref.name': name,
      'io.containerd.image.name': `ghcr.io/me/app:${name}`,
    },
  })
  const both = new Map([
    ...layoutFiles(other),
    ...layoutFiles(image, [named(image.index, '1'), named(image.index, 'latest'), named(other.index, '2')]),
  ])
  const path = writeFolder(place(), both)

  it('are told apart by name or digest', async () => {
    expect(await (await open(`oci:${path}:1`)).root()).toMatchObject({ digest: image.index.digest })
    const whole = await open(`oci:${path}:ghcr.io/me/app:2`)
    expect(await whole.root()).toMatchObject({ digest: other.index.digest })
    const exact = await open(`oci:${path}:${other.index.digest}`)
    expect(await exact.root()).toMatchObject({ digest: other.index.digest })
  })

  it('must be told apart', async () => {
    for (const text of [path, `oci:${path}:3`]) {
      const failure = await failureOf((await open(text)).root())
      expect(failure).toMatchObject({ kind: 'usage', why: expect.stringContaining('latest') })
    }
  })

  it('may be one image under two names', async () => {
    const twice = layoutFiles(image, [named(image.index, '1'), named(image.index, '2')])
    expect(await (await open(writeFolder(place(), twice))).root()).toMatchObject({
      digest: image.index.digest,
    })
  })

  it('may be the platforms of one, whose index is index.json', async () => {
    const flat = writeFolder(place(), layoutFiles(image, [...image.manifests]))
    const source = await open(flat)
    const descriptor = await source.root()
    const document = JSON.parse(Buffer.from((await source.document(descriptor)) ?? []).toString())
    expect(document.manifests.length).toBe(2)
  })
})

describe('docker save', () => {
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64' }))
  const layer = buildTar([{ name: 'app', content: 'x' }])
  const entry = { Config: 'c.json', RepoTags: ['app:1'], Layers: ['l/layer.tar', 'm/layer.tar'] }
  const parts = (list: unknown) =>
    buildTar([
      { name: 'c.json', content: config },
      { name: 'l/', type: '5' },
      { name: 'l/layer.tar', content: layer },
      { name: 'm/layer.tar', link: '../l/layer.tar' },
      { name: 'manifest.json', content: JSON.stringify(list) },
    ])
  const archived = (list: unknown) => {
    const path = place('docker.tar')
    writeFileSync(path, parts(list))
    return path
  }

  it('is read as the manifest that it never had', async () => {
    const source = await open(archived([entry]))
    const descriptor = await source.root()
    const manifest = JSON.parse(Buffer.from((await source.document(descriptor)) ?? []).toString())
    expect(manifest.config.digest).toBe(sha256(config))
    expect(manifest.layers.map(({ digest }: { digest: string }) => digest)).toEqual([
      sha256(layer),
      sha256(layer),
    ])
    expect((await buffer(source.blob(manifest.layers[1]))).equals(layer)).toBe(true)
    expect(Buffer.from((await source.document(manifest.config)) ?? []).equals(config)).toBe(true)
  })

  it.each<[string, unknown, string]>([
    ['two images', [entry, { ...entry, RepoTags: ['app:2'] }], 'usage'],
    ['no image', [], 'usage'],
    ['a layer that is missing', [{ ...entry, Layers: ['none'] }], 'verification'],
    ['a layer outside', [{ ...entry, Layers: ['../../../etc/passwd'] }], 'verification'],
    ['junk', { Config: 1 }, 'verification'],
  ])('is refused with %s', async (_name, list, kind) => {
    expect((await failureOf(openImage(archived(list)))).kind).toBe(kind)
  })

  it('chooses by name', async () => {
    const path = archived([entry, { ...entry, RepoTags: ['other'] }])
    await open(`oci:${path}:other`)
  })
})

describe('what is no image', () => {
  const text = place('text.tar')
  writeFileSync(text, 'hello')
  const gz = place('image.tar.gz')
  writeFileSync(gz, gzipSync(buildTar([{ name: 'index.json' }])))
  const tar = place('plain.tar')
  writeFileSync(tar, buildTar([{ name: 'readme', content: 'x' }]))
  const empty = place('empty')
  mkdirSync(empty)
  const cut = place('cut')
  writeFolder(cut, new Map([['index.json', Buffer.from('{"manif')]]))
  const future = place('future')
  writeFolder(future, layoutFiles(image).set('oci-layout', Buffer.from('{"imageLayoutVersion":"2.0.0"}')))
  const hollow = place('hollow')
  writeFolder(hollow, layoutFiles(image, []))

  it.each([
    [text, 'verification', /tar/],
    [gz, 'usage', /gunzip/],
    [tar, 'usage', /no image/],
    [empty, 'usage', /index\.json/],
    [join(root, 'none.tar'), 'usage', /no such file/],
    [`oci:${join(root, 'none')}`, 'usage', /no such file/],
    [cut, 'verification', /JSON/],
    [future, 'verification', /2\.0\.0/],
    [hollow, 'usage', /no image/],
    ['Not An Image', 'usage', /reference/],
  ])('%s is %s', async (given, kind, says) => {
    const failure = await failureOf(async () => (await open(given)).root())
    expect(failure.kind).toBe(kind)
    expect(Object.values(failure).join('\n')).toMatch(says)
  })

  it('a folder or file of that name does not hide an image in a registry', async () => {
    const registry = await startFaultRegistry()
    opened.push(registry)
    const source = await open(`${registry.host}/team/app`)
    expect((await failureOf(source.root())).kind).toBe('registry')
  })
})

it('reads nothing outside a layout, whatever index.json says', async () => {
  const outside = { ...amd64, digest: 'sha256:../../../../etc/passwd' }
  const source = await open(writeFolder(place(), layoutFiles(image, [outside])))
  expect((await failureOf(source.root())).kind).toBe('verification')
})
