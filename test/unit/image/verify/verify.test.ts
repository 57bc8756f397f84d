import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openImage } from '../../../../src/image/read/source.ts'
import { packedScan } from '../../../../src/image/verify/layer-scan.ts'
import type { Expectation } from '../../../../src/image/verify/report.ts'
import { verificationFailure, verifyImage } from '../../../../src/image/verify/verify.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { type FaultRegistry, sha256, startFaultRegistry } from '../../../support/fault-registry.ts'
import type { TarInput } from '../../../support/tar-builder.ts'
import {
  buildImage,
  intoRegistry,
  layoutFiles,
  programFor,
  type TestImage,
  type TestPlatform,
  types,
  writeFolder,
} from '../../../support/test-image.ts'

const root = mkdtempSync(join(tmpdir(), 'verify-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let registry: FaultRegistry
beforeEach(async () => {
  registry = await startFaultRegistry()
})
afterEach(() => registry.close())

/** Puts an image into the registry and checks it there. */
async function verify(image: TestImage, expected?: Expectation, change?: () => void) {
  intoRegistry(registry, image, 'app', '1')
  change?.()
  const source = await openImage(`${registry.host}/app:1`, { retry: { sleep: async () => {} } })
  try {
    return await verifyImage(source, expected)
  } finally {
    await source.close()
  }
}

const texts = (report: Awaited<ReturnType<typeof verify>>) => [
  ...report.problems,
  ...report.platforms.flatMap(({ platform, problems }) => problems.map(text => `${platform}: ${text}`)),
]
const remarks = (report: Awaited<ReturnType<typeof verify>>) => [
  ...report.remarks,
  ...report.platforms.flatMap(platform => platform.remarks),
]
const one = (platform: TestPlatform, expected?: Expectation) => verify(buildImage([platform]), expected)
const app = (content: Uint8Array | string, mode = 0o755): TarInput => ({ name: 'app', content, mode })
const blobs = () => registry.requests.filter(({ path }) => path.includes('/blobs/')).map(({ path }) => path)

describe('a right image', () => {
  const ids = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386', 'linux/riscv64', 'linux/s390x']

  it('is right, and its programs are described', async () => {
    const image = buildImage(ids)
    const report = await verify(image, { platforms: parsePlatforms(ids) })
    expect(texts(report)).toEqual([])
    expect(report).toMatchObject({ ok: true, indexDigest: image.index.digest, attestations: 0 })
    expect(report.platforms.map(({ platform }) => platform)).toEqual(ids)
    expect(report.platforms[1]).toMatchObject({
      digest: image.manifests[1]?.digest,
      ok: true,
      entrypoint: {
        path: '/app',
        sha256: sha256(programFor('linux/arm64')).slice(7),
        size: programFor('linux/arm64').length,
        elf: { machine: 183, linkage: 'static' },
      },
    })
  })

  it('is right in a layout too, and leaves nothing behind', async () => {
    vi.stubEnv('TMPDIR', mkdtempSync(join(root, 'tmp-')))
    const source = await openImage(writeFolder(join(root, 'layout'), layoutFiles(buildImage(ids))))
    expect((await verifyImage(source)).ok).toBe(true)
    await source.close()
    expect(readdirSync(process.env.TMPDIR as string)).toEqual([])
    vi.unstubAllEnvs()
  })

  it('may be a single manifest', async () => {
    const image = buildImage(['linux/arm64'])
    intoRegistry(registry, image, 'app', 'index')
    const manifest = image.blobs.get(image.manifests[0]?.digest as string)
    registry.addManifest('app', types.manifest, manifest?.bytes as Buffer, '1')
    const source = await openImage(`${registry.host}/app:1`)
    const report = await verifyImage(source, { platforms: parsePlatforms(['linux/arm64']) })
    await source.close()
    expect(report).toMatchObject({ ok: true, indexDigest: image.manifests[0]?.digest })
  })

  it('names its base, or the system that it says it is', async () => {
    const release = 'NAME="D"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
    const layers = [
      [
        { name: 'usr/lib/os-release', content: release },
        { name: 'etc/os-release', link: '../usr/lib/os-release' },
      ],
      [app(programFor('linux/arm64'))],
    ]
    expect((await one({ platform: 'linux/arm64', layers })).platforms[0]?.base).toBe(
      'Debian GNU/Linux 13 (trixie)',
    )
    const annotations = { 'org.opencontainers.image.base.name': 'gcr.io/base' }
    const named = await one({ platform: 'linux/arm64', layers, annotations })
    expect(named.platforms[0]?.base).toBe('gcr.io/base')
  })

  it('has attestations and unknown platforms besides', async () => {
    const manifest = registry.addManifest('app', types.manifest, {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: { mediaType: types.config, digest: sha256('c'), size: 1 },
      layers: [],
    })
    const unknown = { ...manifest, platform: { os: 'unknown', architecture: 'unknown' } }
    const attestation = { ...unknown, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }
    const image = buildImage(['linux/amd64'], [attestation, unknown, attestation])
    const report = await verify(image, { platforms: parsePlatforms(['linux/amd64']) })
    expect(report).toMatchObject({ ok: true, attestations: 2 })
    expect(report.platforms.length).toBe(1)
    expect(report.remarks.length).toBe(1)
  })

  it('may hold its entries in an index inside the index', async () => {
    const inner = buildImage(['linux/arm64'])
    intoRegistry(registry, inner, 'app', 'inner')
    const report = await verify(buildImage(['linux/amd64'], [inner.index]))
    expect(report.platforms.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64'])
    expect(report.ok).toBe(true)
  })
})

describe('reading back', () => {
  const base: TarInput[] = [{ name: 'etc/passwd', content: 'x'.repeat(5000) }]
  const platforms = ['linux/amd64', 'linux/arm64']
  const image = buildImage(
    platforms.map(platform => ({ platform, layers: [base, [app(programFor(platform))]] })),
  )
  const files = Object.fromEntries(
    platforms.map(platform => [platform, { '/app': sha256(programFor(platform)).slice(7) }]),
  )

  it('reads the layer with the program alone', async () => {
    const report = await verify(image, { platforms: parsePlatforms(platforms), files })
    expect(texts(report)).toEqual([])
    expect(report.platforms[1]?.entrypoint?.elf?.machine).toBe(183)
    // a config and a layer each
    expect(blobs().length).toBe(4)
  })

  it('notices a program that is another, or nowhere', async () => {
    const expected = { 'linux/amd64': { '/app': sha256('other').slice(7) }, 'linux/arm64': { '/other': 'x' } }
    const report = await verify(image, { files: expected })
    expect(texts(report)).toEqual([
      expect.stringMatching(/^linux\/amd64: \/app is not the file that was put there: /),
      'linux/arm64: /other is missing',
    ])
  })

  it('finds a program under a folder that the base links', async () => {
    const layers = [
      [{ name: 'bin', link: 'usr/bin' }],
      [{ name: 'usr/bin/app', content: programFor('linux/arm64') }],
    ]
    const report = await one(
      { platform: 'linux/arm64', layers, run: { Entrypoint: ['/bin/app'] } },
      { files: { 'linux/arm64': { '/bin/app': sha256(programFor('linux/arm64')).slice(7) } } },
    )
    expect(texts(report)).toEqual([])
  })

  it('finds that the entrypoint is another program, which is not there', async () => {
    const layers = [[{ name: 'app', content: programFor('linux/arm64') }]]
    const files = { 'linux/arm64': { '/app': sha256(programFor('linux/arm64')).slice(7) } }
    const run = { Entrypoint: ['/usr/bin/app'] }
    expect(texts(await one({ platform: 'linux/arm64', layers, run }, { files }))).toEqual([
      'linux/arm64: its program "/usr/bin/app" is not in it',
    ])
  })
})

describe('a layer that was packed here', () => {
  const platform = 'linux/arm64'
  const bytes = Buffer.from('a layer that nobody could unpack')
  const path = join(root, 'packed-app')
  writeFileSync(path, programFor(platform))
  const captured = { path, sha256: sha256(programFor(platform)).slice(7) }
  const file = { type: 'file', size: 1, mode: 0o755, link: '', captured } as const
  const scan = packedScan(sha256('its tar'), new Map([['opt/app', file]]))
  const image = { platform, layers: [bytes], diffIds: [sha256('its tar')], run: { Entrypoint: ['/opt/app'] } }
  const expected = {
    files: { [platform]: { '/opt/app': captured.sha256 } },
    layers: new Map([[sha256(bytes), scan]]),
  }

  it('is compared with its digest, and not unpacked', async () => {
    const report = await one(image, expected)
    expect(texts(report)).toEqual([])
    expect(report.platforms[0]?.entrypoint).toMatchObject({ path: '/opt/app', elf: { machine: 183 } })
    expect(blobs().filter(path => path.endsWith(sha256(bytes)))).toHaveLength(1)
  })

  it('is not taken for whole where the registry gives other bytes', async () => {
    registry.fault({ path: /blobs/, after: 1, change: body => body.fill(0) })
    expect(texts(await one(image, expected))).toEqual([expect.stringMatching(/layer 1 of 1: .*digest/)])
  })

  it('is not taken for the one of a config that names another', async () => {
    const report = await one({ ...image, diffIds: [sha256('another')] }, expected)
    expect(texts(report)).toEqual([expect.stringMatching(/layer 1 of 1: its content is .* diff_id/)])
  })
})

describe('a wrong image', () => {
  it('whose index has its platforms swapped', async () => {
    const right = buildImage(['linux/amd64', 'linux/arm64'])
    const [first, second] = right.manifests
    const swapped = { ...first, digest: second?.digest, size: second?.size }
    const back = { ...second, digest: first?.digest, size: first?.size }
    const image = buildImage([], [swapped, back])
    const report = await verify({ ...image, blobs: new Map([...right.blobs, ...image.blobs]) })
    expect(texts(report).join('\n')).toContain(
      'linux/amd64: the index says that it is for linux/amd64, its config is for linux/arm64',
    )
    expect(texts(report).join('\n')).toContain('linux/arm64: /app is not a linux/arm64 program')
    const failure = verificationFailure(report)
    expect(failure).toMatchObject({ kind: 'verification', exitCode: 6, report })
  })

  it('whose config is for another platform', async () => {
    const report = await one({ platform: 'linux/arm64', claims: 'amd64' })
    expect(texts(report)).toEqual([expect.stringContaining('its config is for linux/amd64')])
  })

  it('whose program is for another platform', async () => {
    const layers = [[app(programFor('linux/amd64'))]]
    const report = await one({ platform: 'linux/arm64', layers })
    expect(texts(report)).toEqual([
      'linux/arm64: /app is not a linux/arm64 program: machine: expected 183 (linux/arm64), found 62 (linux/amd64)',
    ])
  })

  it('whose layer is not what its digest says', async () => {
    registry.fault({
      path: /blobs/,
      after: 1, // the config
      change: body => Buffer.concat([body.subarray(0, -1), Buffer.from([(body.at(-1) as number) ^ 1])]),
    })
    const report = await one({ platform: 'linux/arm64' })
    expect(texts(report)).toEqual([expect.stringMatching(/layer 1 of 1: .*(digest|decompressed)/)])
  })

  it('whose layers are not those of the config', async () => {
    const wrong = await one({ platform: 'linux/arm64', diffIds: [sha256('other')] })
    expect(texts(wrong)).toEqual([expect.stringMatching(/layer 1 of 1: its content is .* diff_id/)])
    const more = await one({ platform: 'linux/arm64', diffIds: [] })
    expect(texts(more)).toEqual([expect.stringContaining('1 layers and the config 0 diff_ids')])
  })

  it('of which a part is missing', async () => {
    const image = buildImage(['linux/amd64', 'linux/arm64'])
    const report = await verify(image, undefined, () =>
      registry.deleteManifest('app', image.manifests[1]?.digest as string),
    )
    expect(texts(report)).toEqual([expect.stringContaining('linux/arm64: The manifest is missing')])
    registry.fault({ path: /blobs/, status: 404, times: 2 })
    const noConfigs = await verify(image)
    expect(noConfigs.platforms.every(({ ok }) => !ok)).toBe(true)
    registry.fault({ path: /blobs/, status: 404, after: 2, times: 2 })
    expect((await verify(image)).platforms.filter(({ ok }) => !ok).length).toBe(2)
  })

  it('whose index tells other sizes than there are', async () => {
    const report = await one({ platform: 'linux/arm64', entry: { size: 12 } })
    expect(texts(report)).toEqual([expect.stringMatching(/manifest has another size .* not 12$/)])
  })

  it('whose attestation is missing', async () => {
    const attestation = {
      mediaType: types.manifest,
      digest: sha256('gone'),
      size: 4,
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      platform: { os: 'unknown', architecture: 'unknown' },
    }
    const report = await verify(buildImage(['linux/amd64'], [attestation]))
    expect(texts(report)).toEqual([expect.stringMatching(/^attestation .* missing/)])
  })

  it('whose platforms are not those that are expected', async () => {
    const image = buildImage(['linux/amd64', 'linux/386', 'linux/386'])
    const report = await verify(image, { platforms: parsePlatforms(['linux/amd64', 'linux/arm64']) })
    expect(texts(report)).toEqual([
      'linux/arm64 is missing',
      'linux/386 was not asked for',
      'linux/386 is there more than once',
    ])
    expect(texts(await verify(image))).toEqual(['linux/386 is there more than once'])
    expect(texts(await verify(buildImage([])))).toEqual(['it has no platform that could run'])
  })

  it('whose program is missing, not executable, empty or cut short', async () => {
    const platform = 'linux/arm64'
    const program = programFor(platform)
    const cases: [TarInput[], RegExp][] = [
      [[{ name: 'other' }], /program "\/app" is not in it/],
      [[app(program, 0o644)], /not executable: its mode is 0644/],
      [[app('')], /empty|Not a readable ELF/],
      [[app(program.subarray(0, 80))], /Not a readable ELF/],
      [[app('just text')], /Not a readable ELF/],
      [[{ name: 'app/' }], /is not in it/],
      [[{ name: 'app', link: 'app' }], /is not in it/],
    ]
    for (const [layer, says] of cases) {
      const report = await one({ platform, layers: [layer] })
      expect(texts(report)).toEqual([expect.stringMatching(says)])
    }
  })

  it('whose program needs what is not there', async () => {
    const platform = 'linux/arm64'
    const interpreter = '/lib/ld-linux-aarch64.so.1'
    const dynamic = programFor(platform, { interpreter, needed: ['libc.so.6', 'libz.so.1'] })
    const bare = await one({ platform, layers: [[app(dynamic)]] })
    expect(texts(bare)).toEqual([
      expect.stringContaining(`needs the program loader ${interpreter}`),
      expect.stringContaining('libc.so.6, which is nowhere'),
      expect.stringContaining('libz.so.1, which is nowhere'),
    ])
    const base: TarInput[] = [
      { name: 'lib', link: 'usr/lib' },
      { name: 'usr/lib/ld-linux-aarch64.so.1', link: 'aarch64-linux-gnu/ld-linux-aarch64.so.1' },
      { name: 'usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1', content: 'x' },
      { name: 'usr/lib/aarch64-linux-gnu/libc.so.6', content: 'x' },
      { name: 'usr/lib/aarch64-linux-gnu/libz.so.1', link: 'libz.so.1.3' },
    ]
    expect(texts(await one({ platform, layers: [base, [app(dynamic)]] }))).toEqual([])
  })

  it('with names that lead out of it, printed harmlessly', async () => {
    const layer = [app(programFor('linux/arm64')), { name: '../../etc/\u001b[31mpasswd', content: 'x' }]
    const [text] = texts(await one({ platform: 'linux/arm64', layers: [layer] }))
    expect(text).toContain('names that lead out of the image')
    expect(text).not.toContain('\u001b')
  })

  it('that is an artifact', async () => {
    registry.addManifest(
      'app',
      types.manifest,
      {
        schemaVersion: 2,
        mediaType: types.manifest,
        config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2 },
        layers: [],
      },
      '1',
    )
    const source = await openImage(`${registry.host}/app:1`)
    const report = await verifyImage(source)
    await source.close()
    expect(report.problems[0]).toContain('artifact')
    expect(report.ok).toBe(false)
  })
})

describe('programs that are no plain ELF at /app', () => {
  const platform = 'linux/arm64'
  const program = programFor(platform)

  it.each<[string, object, TarInput[]]>([
    [
      'on PATH',
      { Entrypoint: ['app'], Env: ['PATH=/none:/opt/bin'] },
      [{ name: 'opt/bin/app', content: program }],
    ],
    ['on the default PATH', { Entrypoint: ['app'] }, [{ name: 'usr/local/bin/app', content: program }]],
    [
      'below the working directory',
      { Entrypoint: ['./app'], WorkingDir: '/srv' },
      [{ name: 'srv/app', content: program }],
    ],
    ['as command', { Entrypoint: null, Cmd: ['/app'] }, [app(program)]],
    [
      'behind a link',
      {},
      [
        { name: 'app', link: 'opt/real' },
        { name: 'opt/real', content: program },
      ],
    ],
    [
      'behind a hard link',
      {},
      [
        { name: 'real', content: program },
        { name: 'app', type: '1', link: 'real' },
      ],
    ],
  ])('%s', async (_name, run, layer) => {
    const report = await one({ platform, run, layers: [layer] })
    expect(texts(report)).toEqual([])
    expect(report.platforms[0]?.entrypoint?.elf?.machine).toBe(183)
  })

  it('scripts, and images that run nothing, are remarked upon', async () => {
    const shell = { name: 'bin/sh', content: 'a shell' }
    const script = await one({ platform, layers: [[app('#!/bin/sh\necho \u001b[31m'), shell]] })
    expect(script.ok).toBe(true)
    expect(remarks(script)).toEqual([expect.stringContaining('/app is a script (#!/bin/sh)')])
    const nothing = await one({ platform, run: { Entrypoint: [] } })
    expect(nothing.ok).toBe(true)
    expect(remarks(nothing)).toEqual(['it has neither entrypoint nor command'])
  })

  it.each([
    ['#!/bin/sh\n', '/bin/sh'],
    ['#! /usr/bin/env node\n', '/usr/bin/env'],
    // As an editor of Windows writes it.
    ['#!/bin/sh\r\n', '/bin/sh\\r'],
  ])('scripts for what the image has not are refused: %j', async (content, interpreter) => {
    const other = { name: 'bin/bash', content: 'a shell' }
    const report = await one({ platform, layers: [[app(content), other]] })
    expect(report.ok).toBe(false)
    expect(texts(report).join()).toContain(`/app is a script for "${interpreter}", which is not in the image`)
  })

  it('that run on an older processor are remarked upon', async () => {
    const go = (GOARM: string) => ({
      go: { version: 'go1.26', settings: { GOOS: 'linux', GOARCH: 'arm', GOARM } },
    })
    const older = await one({
      platform: 'linux/arm/v7',
      layers: [[app(programFor('linux/arm/v7', go('6')))]],
    })
    expect(older.ok).toBe(true)
    expect(remarks(older)).toEqual([expect.stringContaining('GOARM')])
    const newer = await one({
      platform: 'linux/arm/v6',
      layers: [[app(programFor('linux/arm/v6', go('7')))]],
    })
    expect(newer.ok).toBe(false)
  })
})

describe('a registry that fails', () => {
  it('is no verdict on the image', async () => {
    const image = buildImage(['linux/amd64', 'linux/arm64'])
    registry.fault({ path: /blobs/, status: 500, times: 99, after: 2 })
    expect((await failureOf(verify(image))).kind).toBe('registry')
    registry.fault({ path: /manifests/, status: 403, times: 99 })
    expect((await failureOf(verify(image))).kind).toBe('registry')
  })

  it('for a moment does no harm', async () => {
    registry.fault({ path: /blobs/, status: 503, times: 2 })
    registry.fault({ path: /blobs/, resetAfterSending: 20, times: 2 })
    expect((await verify(buildImage(['linux/amd64', 'linux/arm64']))).ok).toBe(true)
  })
})

it('reads a layer that platforms share once', async () => {
  const shared: TarInput[] = [{ name: 'etc/passwd', content: 'x' }]
  const platforms = ['linux/amd64', 'linux/arm64', 'linux/386']
  const report = await verify(
    buildImage(platforms.map(platform => ({ platform, layers: [shared, [app(programFor(platform))]] }))),
  )
  expect(report.ok).toBe(true)
  // three configs, three layers of their own, one shared
  expect(blobs().length).toBe(7)
})
