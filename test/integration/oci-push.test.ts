import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { buildOciImage, type OciInputs } from '../../src/image/writer/write-image.ts'
import { mediaTypes } from '../../src/oci/manifest.ts'
import { parsePlatforms } from '../../src/platforms.ts'
import type { ImageSpec } from '../../src/types.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { type Fault, type FaultRegistry, sha256, startFaultRegistry } from '../support/fault-registry.ts'

const root = mkdtempSync(join(tmpdir(), 'xbuild-push-'))
const registries: FaultRegistry[] = []
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const platforms = parsePlatforms(['linux/amd64,linux/arm64'])
let folders = 0

function folder(): string {
  const path = join(root, String(folders++))
  mkdirSync(path)
  return path
}

async function start(...options: Parameters<typeof startFaultRegistry>): Promise<FaultRegistry> {
  const registry = await startFaultRegistry(...options)
  registries.push(registry)
  return registry
}

interface Described {
  mediaType: string
  digest: string
  size: number
  platform?: object
}

const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip'

/** One platform's base image: Docker's media types, one layer of its own and one that all share. */
function addBaseImage(
  registry: FaultRegistry,
  architecture: string,
  changes: { diffIds?: string[]; configSize?: number } = {},
): Described {
  const tars = [Buffer.alloc(1024), Buffer.from(`of ${architecture}`)]
  const layers = tars.map(tar => ({ mediaType: layerType, ...registry.addBlob('base', gzipSync(tar)) }))
  const config = {
    architecture,
    os: 'linux',
    config: { Env: ['A=base'], User: '65532', Labels: null },
    rootfs: { type: 'layers', diff_ids: changes.diffIds ?? tars.map(sha256) },
    history: null,
  }
  return registry.addManifest('base', mediaTypes.dockerManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: {
      mediaType: mediaTypes.dockerConfig,
      ...registry.addBlob('base', Buffer.from(JSON.stringify(config))),
      ...(changes.configSize !== undefined && { size: changes.configSize }),
    },
    layers,
  })
}

function addIndex(registry: FaultRegistry, manifests: readonly object[]): Described {
  const index = { schemaVersion: 2, mediaType: mediaTypes.dockerIndex, manifests }
  return registry.addManifest('base', mediaTypes.dockerIndex, index, '1')
}

/** Stores the base `base:1` for both platforms and gives its digest. */
function addBase(registry: FaultRegistry): string {
  const manifests = ['amd64', 'arm64'].map(architecture => ({
    ...addBaseImage(registry, architecture),
    platform: { os: 'linux', architecture },
  }))
  return addIndex(registry, manifests).digest
}

function specOf(reference: string, changes: Partial<ImageSpec> = {}): ImageSpec {
  return {
    name: 'app',
    platforms,
    base: { reference, family: 'static', predicted: false, reason: '' },
    config: { entrypoint: ['/app'], cmd: [], env: {}, ports: [], labels: {} },
    files: [{ target: '/app', source: { artifact: 'app' }, mode: 0o755 }],
    annotations: [],
    epoch: 0,
    tags: [],
    ...changes,
  }
}

/** A "binary" per platform; what it holds changes with `version`. */
function inputsOf(
  outputs: OciInputs['outputs'],
  changes: Partial<OciInputs> & { version?: number } = {},
): OciInputs {
  const { version = 1, ...rest } = changes
  const sources = folder()
  for (const { arch } of platforms)
    writeFileSync(join(sources, arch), `${version} ${arch} ${'x'.repeat(300_000)}`)
  return {
    file: (_, { arch }) => ({ path: join(sources, arch) }),
    root: sources,
    outputs,
    compression: 'gzip',
    cacheFolder: join(folder(), 'cache'),
    ...rest,
  }
}

/** Follows a tag by digests alone; every blob must be there. */
function readPushed(registry: FaultRegistry, repository: string, tag: string) {
  const manifest = (name: string) => {
    const stored = registry.manifest(repository, name)
    if (!stored) throw new Error(`no manifest ${name}`)
    return { ...JSON.parse(stored.bytes.toString()), digest: sha256(stored.bytes) }
  }
  const blob = ({ digest, size }: Described) => {
    const bytes = registry.blob(repository, digest)
    expect(bytes?.length).toBe(size)
    return bytes as Buffer
  }
  const index = manifest(tag)
  const images = (index.manifests ?? [index]).map(({ digest }: Described) => {
    const image = manifest(digest)
    image.layers.forEach(blob)
    return { manifest: image, config: JSON.parse(blob(image.config).toString()) }
  })
  return { index, images }
}

const writes = (registry: FaultRegistry) =>
  registry.requests.filter(({ method }) => method === 'PUT' || method === 'POST').map(({ path }) => path)

describe('a push', () => {
  test('comes after the files, so that one that cannot be written moves no tag', async () => {
    const registry = await start()
    addBase(registry)
    const push = { type: 'push', references: [`${registry.host}/team/app:1`] } as const
    const archive = { type: 'archive', path: join(folder(), 'none/app.tar') } as const
    writeFileSync(join(archive.path, '../..', 'none'), 'a file where a folder is wanted')
    await expect(
      buildOciImage(specOf(`${registry.host}/base:1`), inputsOf([push, archive])),
    ).rejects.toMatchObject({ kind: 'image' })
    expect(registry.manifest('team/app', '1')).toBeUndefined()
  })

  test('takes the base over within the registry, and reads none of its layers', async () => {
    const registry = await start()
    const digest = addBase(registry)
    const tag = `${registry.host}/team/app:1`
    const built = await buildOciImage(
      specOf(`${registry.host}/base:1`),
      inputsOf([{ type: 'push', references: [tag] }]),
    )
    const { index, images } = readPushed(registry, 'team/app', '1')
    expect(index.digest).toBe(built.indexDigest)
    expect(index.annotations).toMatchObject({
      'org.opencontainers.image.base.name': `${registry.host}/base:1`,
      'org.opencontainers.image.base.digest': digest,
    })
    expect(images.map((one: { config: { architecture: string } }) => one.config.architecture)).toEqual([
      'amd64',
      'arm64',
    ])
    for (const { manifest, config } of images) {
      expect(manifest.mediaType).toBe(mediaTypes.manifest)
      expect(manifest.layers.map((layer: Described) => layer.mediaType)).toEqual(
        Array(3).fill(`${mediaTypes.layer}+gzip`),
      )
      expect(config.rootfs.diff_ids).toHaveLength(3)
      expect(config.history).toHaveLength(3)
      expect(config.config).toEqual({ Env: ['A=base'], User: '65532', Entrypoint: ['/app'] })
    }
    const layers = images.flatMap((one: { manifest: { layers: Described[] } }) =>
      one.manifest.layers.slice(0, 2),
    )
    for (const { digest } of layers) {
      expect(registry.requests).not.toContainEqual(
        expect.objectContaining({ method: 'GET', path: `/v2/base/blobs/${digest}` }),
      )
    }
    // three distinct layers of the base are mounted; two layers and two configs are uploaded
    expect(writes(registry).filter(path => path.includes('mount='))).toHaveLength(3)
    expect(writes(registry).filter(path => path.endsWith('/blobs/uploads/'))).toHaveLength(4)
    expect(registry.requests.at(-1)).toMatchObject({ method: 'PUT', path: '/v2/team/app/manifests/1' })
  })

  test('of what is there already uploads nothing', async () => {
    const registry = await start()
    addBase(registry)
    const inputs = inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }])
    await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    const before = writes(registry).length
    await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    expect(writes(registry).slice(before)).toEqual([])
  })

  test('of what is there under another tag moves the tag', async () => {
    const registry = await start()
    addBase(registry)
    const build = (version: number) =>
      buildOciImage(
        specOf(`${registry.host}/base:1`),
        inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }], { version }),
      )
    const { indexDigest } = await build(1)
    await build(2)
    await build(1)
    expect(readPushed(registry, 'app', '1').index.digest).toBe(indexDigest)
  })

  test('of one changed platform uploads that one', async () => {
    const registry = await start()
    addBase(registry)
    const inputs = inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }])
    await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    const before = writes(registry).length
    writeFileSync(join(inputs.root, 'arm64'), 'changed')
    await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    expect(
      writes(registry)
        .slice(before)
        .filter(path => path.endsWith('/blobs/uploads/')),
    ).toHaveLength(2)
    readPushed(registry, 'app', '1')
  })

  test.each([
    ['that does not mount', { mounts: false }],
    ['elsewhere', undefined],
  ])('carries the base over to a registry %s', async (_, options) => {
    const home = await start(options)
    const target = options ? home : await start()
    addBase(home)
    await buildOciImage(
      specOf(`${home.host}/base:1`),
      inputsOf([{ type: 'push', references: [`${target.host}/app:1`] }]),
    )
    expect(readPushed(target, 'app', '1').images).toHaveLength(2)
  })

  test('goes to several tags and repositories', async () => {
    const registry = await start()
    addBase(registry)
    const references = ['a:1', 'a:2', 'b/c:latest'].map(name => `${registry.host}/${name}`)
    await buildOciImage(specOf(`${registry.host}/base:1`), inputsOf([{ type: 'push', references }]))
    const digests = [
      readPushed(registry, 'a', '1'),
      readPushed(registry, 'a', '2'),
      readPushed(registry, 'b/c', 'latest'),
    ]
    expect(new Set(digests.map(({ index }) => index.digest)).size).toBe(1)
  })

  test('says how far it is', async () => {
    const registry = await start()
    const seen: string[] = []
    const inputs = inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }], {
      onProgress: detail => seen.push(detail),
    })
    await buildOciImage(specOf('scratch'), inputs)
    const [, sent, total] =
      /: (.*) of (.*)$/.exec(seen.findLast(text => text.startsWith('pushing')) ?? '') ?? []
    expect(sent).toBe(total)
  })

  test.each<[string, Fault]>([
    ['503, then right', { status: 503, method: 'PUT', times: 2 }],
    ['429 with Retry-After', { status: 429, method: 'POST', headers: { 'retry-after': '1' } }],
    [
      'a reset half way through an upload',
      { method: 'PUT', path: /uploads/, resetAfterReceiving: 1000, times: 2 },
    ],
    ['a reset in an answer', { method: 'GET', path: /manifests/, resetAfterSending: 100 }],
  ])('survives %s', async (_, fault) => {
    const registry = await start({ faults: [fault] })
    addBase(registry)
    await buildOciImage(
      specOf(`${registry.host}/base:1`),
      inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }]),
    )
    expect(readPushed(registry, 'app', '1').images).toHaveLength(2)
  })

  test('survives tokens that expire on the way', async () => {
    const registry = await start({ auth: { type: 'token', tokenUses: 8 } })
    addBase(registry)
    await buildOciImage(
      specOf(`${registry.host}/base:1`),
      inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }]),
    )
    expect(readPushed(registry, 'app', '1').images).toHaveLength(2)
  })

  test.each<[string, Fault]>([
    [
      'whose token server lets nobody pull from it',
      {
        path: /^\/token\?.*scope=repository%3Aapp%3Apull(&|$)/,
        status: 200,
        body: '{"token":"good-for-nothing"}',
      },
    ],
    ['whose registry forbids to look for what it has not', { method: 'HEAD', status: 403 }],
  ])('makes a new repository %s', async (_, fault) => {
    const registry = await start({
      auth: { type: 'token' },
      faults: [{ ...fault, times: Number.POSITIVE_INFINITY }],
    })
    await buildOciImage(
      specOf('scratch'),
      inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }]),
    )
    expect(readPushed(registry, 'app', '1').images).toHaveLength(2)
  })

  test('without the right to push is refused where it writes', async () => {
    const faults = ['HEAD', 'POST'].map(method => ({ method, status: 403, times: 100 }))
    const registry = await start({ faults })
    const inputs = inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }])
    await expect(buildOciImage(specOf('scratch'), inputs)).rejects.toMatchObject({
      kind: 'registry',
      where: expect.stringMatching(/^POST /),
      fix: expect.stringContaining('docker login'),
    })
  })

  const everyWrite: [string, Fault][] = [
    ['opening an upload', { method: 'POST', path: /blobs\/uploads/ }],
    ['the upload of a blob', { method: 'PUT', path: /blobs\/uploads/ }],
    ['the manifest of the first platform', { method: 'PUT', path: /manifests\/sha256/ }],
    ['the manifest of the second platform', { method: 'PUT', path: /manifests\/sha256/, after: 1 }],
    ['the tag', { method: 'PUT', path: /manifests\/1$/ }],
  ]
  test.each(everyWrite)('refused at %s leaves the tag where it was', async (_, fault) => {
    const registry = await start()
    addBase(registry)
    const push = (version: number) =>
      buildOciImage(
        specOf(`${registry.host}/base:1`),
        inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }], { version }),
      )
    const { indexDigest } = await push(1)
    registry.fault({ ...fault, status: 403 })
    await expect(push(2)).rejects.toMatchObject({ kind: 'registry' })
    expect(readPushed(registry, 'app', '1').index.digest).toBe(indexDigest)
  })

  test('that is interrupted leaves the tag where it was', async () => {
    const registry = await start()
    const controller = new AbortController()
    const inputs = inputsOf([{ type: 'push', references: [`${registry.host}/app:1`] }], {
      signal: controller.signal,
      onProgress: detail => detail.startsWith('pushing') && controller.abort(),
    })
    await expect(buildOciImage(specOf('scratch'), inputs)).rejects.toMatchObject({ kind: 'interrupted' })
    expect(registry.manifest('app', '1')).toBeUndefined()
  })
})

describe('a base in a registry', () => {
  const archive = () => [{ type: 'archive' as const, path: join(folder(), 'app.tar') }]
  const cached = (inputs: OciInputs) => readdirSync(join(inputs.cacheFolder ?? '', 'blobs/sha256'))

  test('is fetched once, each layer once though platforms share it', async () => {
    const registry = await start()
    addBase(registry)
    const inputs = inputsOf(archive())
    await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    const gets = registry.requests.filter(({ method }) => method === 'GET').map(({ path }) => path)
    expect(new Set(gets).size).toBe(gets.length)
    const before = registry.requests.length
    await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    expect(registry.requests.slice(before)).toEqual([
      expect.objectContaining({ method: 'HEAD', path: '/v2/base/manifests/1' }),
    ])
  })

  test('that cannot be reached is built on as it was, with a warning, when the cache has it', async () => {
    const registry = await start()
    const digest = addBase(registry)
    const remarks: string[] = []
    const inputs = inputsOf(archive(), { onRemark: text => remarks.push(text) })
    const first = await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    expect(remarks).toEqual([])
    await registry.close()
    const second = await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    expect(second).toEqual(first)
    expect(remarks).toEqual([expect.stringContaining(digest)])
    expect(remarks[0]).toContain(`${registry.host}/base:1`)
  })

  test('by digest needs no registry when the cache has it, and no remark', async () => {
    const registry = await start()
    const digest = addBase(registry)
    const reference = `${registry.host}/base@${digest}`
    const inputs = inputsOf(archive(), { onRemark: text => expect.unreachable(text) })
    const first = await buildOciImage(specOf(reference), inputs)
    await registry.close()
    expect(await buildOciImage(specOf(reference), inputs)).toEqual(first)
  })

  test('is read with what the credential helper of its registry says, and pushed to with the same', async () => {
    const registry = await start({ auth: { type: 'token', user: 'me', password: 'hunter2-secret' } })
    addBase(registry)
    const helper = { stdout: JSON.stringify({ Username: 'me', Secret: 'hunter2-secret' }) }
    const tools = await fakeTools({ 'docker-credential-own': helper })
    const config = folder()
    writeFileSync(
      join(config, 'config.json'),
      JSON.stringify({ credHelpers: { [registry.host]: 'own' }, credsStore: 'none' }),
    )
    vi.stubEnv('DOCKER_CONFIG', config)
    vi.stubEnv('PATH', tools.path)
    try {
      const references = [`${registry.host}/app:1`]
      const inputs = inputsOf([...archive(), { type: 'push', references }])
      await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    } finally {
      vi.unstubAllEnvs()
    }
    expect(readPushed(registry, 'app', '1').images).toHaveLength(2)
    expect(await tools.calls()).toMatchObject([{ tool: 'docker-credential-own', args: ['get'] }])
    expect(registry.requests.some(({ path }) => path.includes('hunter2'))).toBe(false)
  })

  test('that cannot be reached and is in no cache names other bases', async () => {
    const registry = await start()
    await registry.close()
    const inputs = inputsOf(archive(), { otherBases: '--base builtin, which serves it' })
    await expect(buildOciImage(specOf(`${registry.host}/base:1`), inputs)).rejects.toMatchObject({
      kind: 'registry',
      what: expect.stringContaining('The base image cannot be read'),
      fix: expect.stringContaining('or --base builtin, which serves it'),
    })
  })

  test('that says no is not replaced by what it was', async () => {
    const registry = await start()
    addBase(registry)
    const inputs = inputsOf(archive())
    await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    registry.deleteManifest('base', '1')
    await expect(buildOciImage(specOf(`${registry.host}/base:1`), inputs)).rejects.toMatchObject({
      kind: 'registry',
    })
  })

  test('follows its tag', async () => {
    const registry = await start()
    addBase(registry)
    const inputs = inputsOf(archive())
    const first = await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    addIndex(
      registry,
      ['arm64', 'amd64'].map(architecture => ({
        ...addBaseImage(registry, architecture),
        platform: { os: 'linux', architecture },
      })),
    )
    const second = await buildOciImage(specOf(`${registry.host}/base:1`), inputs)
    expect(second.indexDigest).not.toBe(first.indexDigest)
  })

  test.each<[string, Fault]>([
    ['altered', { change: bytes => Buffer.from(bytes).fill(0, 10, 20) }],
    ['cut short', { change: bytes => bytes.subarray(0, 20) }],
    ['too long', { change: bytes => Buffer.concat([bytes, bytes]) }],
  ])('with a layer that was %s on the way is refused, and nothing of it is kept', async (_, fault) => {
    const registry = await start()
    addBase(registry)
    registry.fault({ ...fault, method: 'GET', path: /base\/blobs/, after: 2, times: 100 })
    const [output] = archive()
    const inputs = inputsOf([output as (typeof inputs)['outputs'][0]])
    await expect(buildOciImage(specOf(`${registry.host}/base:1`), inputs)).rejects.toMatchObject({
      kind: 'verification',
    })
    expect(() => readFileSync((output as { path: string }).path)).toThrow()
    for (const name of cached(inputs)) {
      expect(name).toBe(
        sha256(readFileSync(join(inputs.cacheFolder as string, 'blobs/sha256', name))).slice(7),
      )
    }
  })

  test.each<[string, (registry: FaultRegistry) => object[], object]>([
    [
      'without the platform',
      registry => [{ ...addBaseImage(registry, 'amd64'), platform: { os: 'linux', architecture: 'amd64' } }],
      { kind: 'usage', why: 'it has linux/amd64' },
    ],
    [
      'of unknown/unknown alone',
      registry => [
        { ...addBaseImage(registry, 'amd64'), platform: { os: 'unknown', architecture: 'unknown' } },
      ],
      { kind: 'usage', why: 'it has no platform at all' },
    ],
    [
      'whose entry for one platform is another’s image',
      registry =>
        ['amd64', 'arm64'].map(architecture => ({
          ...addBaseImage(registry, 'amd64'),
          platform: { os: 'linux', architecture },
        })),
      { kind: 'usage', why: 'its image says that it is for linux/amd64' },
    ],
    [
      'with fewer diff IDs than layers',
      registry =>
        ['amd64', 'arm64'].map(architecture => ({
          ...addBaseImage(registry, architecture, { diffIds: [sha256('')] }),
          platform: { os: 'linux', architecture },
        })),
      { kind: 'verification', why: 'the manifest has 2 layers and the config 1' },
    ],
    [
      'whose layers unpack to something else than its diff IDs',
      registry =>
        ['amd64', 'arm64'].map(architecture => ({
          ...addBaseImage(registry, architecture, { diffIds: [sha256(Buffer.alloc(1024)), sha256('other')] }),
          platform: { os: 'linux', architecture },
        })),
      { kind: 'verification', why: expect.stringContaining(`its config says ${sha256('other')}`) },
    ],
    [
      'with a config that is said to have 1 GB',
      registry =>
        ['amd64', 'arm64'].map(architecture => ({
          ...addBaseImage(registry, architecture, { configSize: 1 << 30 }),
          platform: { os: 'linux', architecture },
        })),
      { kind: 'verification', why: expect.stringContaining('no more than 4194304 are read') },
    ],
  ])('%s is refused', async (_, manifests, failure) => {
    const registry = await start()
    addIndex(registry, manifests(registry))
    const [output] = archive()
    const inputs = inputsOf(output ? [output] : [])
    for (const _ of ['first', 'again, with what the first left in the cache']) {
      await expect(buildOciImage(specOf(`${registry.host}/base:1`), inputs)).rejects.toMatchObject(failure)
    }
    expect(existsSync(output?.path ?? '')).toBe(false)
  })

  const manifest = { method: 'GET', path: /base\/manifests/ }
  test.each<[string, Fault, object]>([
    ['is cut short', { ...manifest, change: bytes => bytes.subarray(0, 50) }, { kind: 'verification' }],
    [
      'is another than its digest says',
      { ...manifest, change: bytes => Buffer.concat([bytes, Buffer.from(' ')]) },
      { kind: 'verification' },
    ],
    [
      'has 100 MB',
      { ...manifest, change: () => Buffer.alloc(100 << 20, ' ') },
      { kind: 'registry', what: expect.stringContaining('too large') },
    ],
    [
      'is a web page',
      { ...manifest, status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
      { kind: 'registry', why: expect.stringContaining('text/html') },
    ],
  ])('whose index %s is refused', async (_, fault, failure) => {
    const registry = await start()
    addBase(registry)
    registry.fault({ ...fault, times: 100 })
    await expect(buildOciImage(specOf(`${registry.host}/base:1`), inputsOf(archive()))).rejects.toMatchObject(
      failure,
    )
  })

  test('that is index and manifest at once is refused', async () => {
    const registry = await start()
    registry.addManifest(
      'base',
      mediaTypes.index,
      { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [], layers: [] },
      '1',
    )
    await expect(buildOciImage(specOf(`${registry.host}/base:1`), inputsOf(archive()))).rejects.toMatchObject(
      {
        kind: 'verification',
        why: 'it is an index and a manifest at once',
      },
    )
  })

  test.each([
    ['linux/arm64/v9', 'arm64'],
    ['linux/amd64/v3', 'amd64'],
  ])('without a variant serves %s', async (id, architecture) => {
    const registry = await start()
    addBase(registry)
    const [platform] = parsePlatforms([id])
    const made = (tag: string, annotations: string[]) =>
      buildOciImage(
        specOf(`${registry.host}/base:1`, { platforms: platform ? [platform] : [], annotations }),
        inputsOf([{ type: 'push', references: [`${registry.host}/app:${tag}`] }]),
      )
    const built = await made('1', ['key=value'])
    expect(built.platforms).toHaveLength(1)
    // Alone it is a manifest, as docker makes it; with an annotation of an index it has one.
    expect(built.indexDigest).toBe(built.platforms[0]?.manifestDigest)
    expect(readPushed(registry, 'app', '1').index.layers).toBeDefined()
    await made('2', ['index:key=value'])
    expect(readPushed(registry, 'app', '2').index.manifests).toHaveLength(1)
    expect(readPushed(registry, 'app', '1').images[0].config).toMatchObject({
      architecture,
      variant: id.split('/')[2],
    })
  })

  test('that is no index serves its own platform', async () => {
    const registry = await start()
    const { digest } = addBaseImage(registry, 'amd64')
    const [amd64, arm64] = platforms
    const build = (...wanted: typeof platforms) =>
      buildOciImage(specOf(`${registry.host}/base@${digest}`, { platforms: wanted }), inputsOf(archive()))
    expect((await build(amd64 as never)).platforms).toHaveLength(1)
    await expect(build(arm64 as never)).rejects.toMatchObject({ kind: 'usage' })
  })
})

describe('a cache that is emptied during a push', () => {
  /** Pushes to a registry at whose first upload the cache loses files. */
  async function pushWhileLosing(isLost: (path: string) => boolean) {
    const source = await start()
    addBase(source)
    const target = await start()
    const cacheFolder = join(folder(), 'cache')
    target.fault({
      method: 'POST',
      respond: (_request, response) => {
        for (const name of readdirSync(join(cacheFolder, 'blobs/sha256'))) {
          const path = join(cacheFolder, 'blobs/sha256', name)
          if (isLost(path)) rmSync(path)
        }
        response.writeHead(503, { 'retry-after': '0' }).end()
      },
    })
    const outputs = [{ type: 'push', references: [`${target.host}/app:1`] }] as const
    const made = buildOciImage(specOf(`${source.host}/base:1`), inputsOf(outputs, { cacheFolder }))
    return { made, target }
  }
  const isMade = (path: string) => readFileSync(path).length > 400

  test('is filled again with what the base has', async () => {
    const { made, target } = await pushWhileLosing(path => !isMade(path))
    await made
    expect(readPushed(target, 'app', '1').images).toHaveLength(2)
  })

  test('ends the build where what was made is gone, and no tag has moved', async () => {
    const { made, target } = await pushWhileLosing(isMade)
    await expect(made).rejects.toMatchObject({
      kind: 'image',
      what: 'The cache was emptied during the build',
    })
    expect(target.manifest('app', '1')).toBeUndefined()
  })
})
