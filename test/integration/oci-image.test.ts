import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { buildOciImage, type OciInputs } from '../../src/image/writer/write-image.ts'
import { parsePlatforms } from '../../src/platforms.ts'
import type { ImageSpec } from '../../src/types.ts'

const root = mkdtempSync(join(tmpdir(), 'xbuild-oci-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const platforms = parsePlatforms(['linux/amd64,linux/arm64,linux/arm/v7'])
let folders = 0

function folder(): string {
  const path = join(root, String(folders++))
  mkdirSync(path)
  return path
}

function specOf(changes: Partial<ImageSpec> = {}): ImageSpec {
  return {
    name: 'app',
    platforms,
    base: { reference: 'builtin', family: 'builtin', predicted: false, reason: '' },
    config: { entrypoint: ['/usr/local/bin/app'], cmd: [], env: {}, ports: [], labels: {} },
    files: [{ target: '/usr/local/bin/app', source: { artifact: 'app' }, mode: 0o555 }],
    annotations: [],
    epoch: 1700000000,
    tags: ['localhost:5000/team/app:1'],
    ...changes,
  }
}

/** Inputs with a "binary" per platform in a folder of their own; 2.5 MiB, so that a layer has several blocks. */
function inputsOf(outputs: OciInputs['outputs'], changes: Partial<OciInputs> = {}): OciInputs {
  const sources = folder()
  for (const { id } of platforms) {
    writeFileSync(join(sources, id.replaceAll('/', '_')), `${id}\n${'0123456789abcdef'.repeat(160 * 1024)}`)
  }
  return {
    file: (_, { id }) => ({ path: join(sources, id.replaceAll('/', '_')) }),
    root: sources,
    outputs,
    compression: 'gzip',
    cacheFolder: join(folder(), 'cache'),
    ...changes,
  }
}

function unpack(archive: string): string {
  const path = folder()
  execFileSync('tar', ['-xf', archive, '-C', path])
  return path
}

/** Reads a whole layout as a stranger would: by digests alone, each one checked. */
function readLayout(path: string) {
  const json = (file: string) => JSON.parse(readFileSync(join(path, file), 'utf8'))
  const blob = ({ digest, size }: { digest: string; size: number }) => {
    const bytes = readFileSync(join(path, 'blobs', digest.replace(':', '/')))
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(digest)
    expect(bytes.length).toBe(size)
    return bytes
  }
  const read = (descriptor: { digest: string; size: number }) => JSON.parse(blob(descriptor).toString())
  const root = json('index.json')
  const index = read(root.manifests[0])
  const images = index.manifests.map((descriptor: { digest: string; size: number; platform: object }) => {
    const manifest = read(descriptor)
    const config = read(manifest.config)
    const layers = manifest.layers.map((layer: { digest: string; size: number }) => gunzipSync(blob(layer)))
    expect(layers.map((tar: Buffer) => `sha256:${createHash('sha256').update(tar).digest('hex')}`)).toEqual(
      config.rootfs.diff_ids,
    )
    return { platform: descriptor.platform, manifest, config, layers: layers as Buffer[] }
  })
  return { marker: json('oci-layout'), root, index, images }
}

/** What GNU tar lists of a layer. */
function list(layer: Buffer): string[] {
  const output = execFileSync('tar', ['-tvf', '-', '--numeric-owner'], {
    input: layer,
    env: { PATH: process.env.PATH, TZ: 'UTC' },
  })
  return output
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => line.replace(/ +/g, ' '))
}

describe('an archive', () => {
  test('holds an index of every platform, found by digests alone', async () => {
    const path = join(folder(), 'dist/app.oci.tar')
    const inputs = inputsOf([{ type: 'archive', path }])
    const image = await buildOciImage(specOf(), inputs)
    const { marker, root, index, images } = readLayout(unpack(path))

    expect(marker).toEqual({ imageLayoutVersion: '1.0.0' })
    expect(root.manifests).toEqual([
      {
        mediaType: 'application/vnd.oci.image.index.v1+json',
        digest: image.indexDigest,
        size: expect.any(Number),
        annotations: {
          'io.containerd.image.name': 'localhost:5000/team/app:1',
          'org.opencontainers.image.ref.name': '1',
          'org.opencontainers.image.created': '2023-11-14T22:13:20Z',
        },
      },
    ])
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: root.manifests[0].mediaType })
    expect(images.map((one: { platform: object }) => one.platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
      { architecture: 'arm', os: 'linux', variant: 'v7' },
    ])
    for (const [number, platform] of platforms.entries()) {
      const { manifest, config, layers } = images[number]
      expect(config).toMatchObject({
        os: 'linux',
        architecture: platform.arch,
        created: '2023-11-14T22:13:20Z',
      })
      expect(config.config).toMatchObject({ Entrypoint: ['/usr/local/bin/app'], User: '65532' })
      expect(config.history).toHaveLength(2)
      expect(manifest).toMatchObject({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType: 'application/vnd.oci.image.config.v1+json' },
        layers: [
          { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
          { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
        ],
      })
      const binary = readFileSync(inputs.file(specOf().files[0] as never, platform).path)
      expect(list(layers[1])).toEqual([
        'drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/',
        'drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/local/',
        'drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/local/bin/',
        `-r-xr-xr-x 0/0 ${binary.length} 1970-01-01 00:00 usr/local/bin/app`,
      ])
      expect(layers[1].includes(binary)).toBe(true)
      expect(image.platforms[number]).toMatchObject({
        manifestDigest: index.manifests[number].digest,
        configDigest: manifest.config.digest,
        layers: manifest.layers.map(({ digest, size }: { digest: string; size: number }, i: number) => ({
          digest,
          size,
          diffId: config.rootfs.diff_ids[i],
        })),
      })
    }
  })

  test('on the base builtin has what a static binary expects around it', async () => {
    const path = join(folder(), 'app.tar')
    await buildOciImage(specOf(), inputsOf([{ type: 'archive', path }]))
    const [{ layers }] = readLayout(unpack(path)).images
    expect(list(layers[0]).map(line => line.replace(/ \d+ 1970-01-01 00:00/, ''))).toEqual([
      'drwxr-xr-x 0/0 etc/',
      '-rw-r--r-- 0/0 etc/group',
      '-rw-r--r-- 0/0 etc/nsswitch.conf',
      '-rw-r--r-- 0/0 etc/passwd',
      'drwxr-xr-x 0/0 etc/ssl/',
      'drwxr-xr-x 0/0 etc/ssl/certs/',
      '-rw-r--r-- 0/0 etc/ssl/certs/ca-certificates.crt',
      'drwxr-xr-x 0/0 home/',
      'drwx------ 65532/65532 home/nonroot/',
      'drwx------ 0/0 root/',
      'drwxrwxrwt 0/0 tmp/',
    ])
    const certificates = layers[0].toString().match(/-----BEGIN CERTIFICATE-----/g) ?? []
    expect(certificates.length).toBeGreaterThan(100)
  })

  test('on scratch has the one layer', async () => {
    const path = join(folder(), 'app.tar')
    const base = { reference: 'scratch', family: 'scratch', predicted: false, reason: '' } as const
    await buildOciImage(specOf({ base, tags: [] }), inputsOf([{ type: 'archive', path }]))
    const { root, images } = readLayout(unpack(path))
    expect(images[0].layers).toHaveLength(1)
    expect(images[0].config.config).toEqual({
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      WorkingDir: '/',
      Entrypoint: ['/usr/local/bin/app'],
    })
    expect(root.manifests[0].annotations).not.toHaveProperty(['io.containerd.image.name'])
  })

  test('has the same bytes from another folder, cache, umask and time zone', async () => {
    const [first, second] = [join(folder(), 'app.tar'), join(folder(), 'app.tar')]
    await buildOciImage(specOf(), inputsOf([{ type: 'archive', path: first }]))
    const [umask, zone] = [process.umask(0o077), process.env.TZ]
    process.env.TZ = 'Pacific/Apia'
    try {
      const inputs = inputsOf([{ type: 'archive', path: second }])
      for (const platform of platforms)
        chmodSync(inputs.file(specOf().files[0] as never, platform).path, 0o600)
      await buildOciImage(specOf(), inputs)
    } finally {
      process.umask(umask)
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true)
  })

  test('for docker names one platform in manifest.json as well', async () => {
    const path = join(folder(), 'app.tar')
    const platform = platforms[1] as (typeof platforms)[1]
    await buildOciImage(specOf(), inputsOf([{ type: 'docker-archive', path, platform }]))
    const layout = unpack(path)
    const [entry, ...more] = JSON.parse(readFileSync(join(layout, 'manifest.json'), 'utf8'))
    expect(more).toEqual([])
    expect(entry.RepoTags).toEqual(['localhost:5000/team/app:1'])
    expect(JSON.parse(readFileSync(join(layout, entry.Config), 'utf8'))).toMatchObject({
      architecture: 'arm64',
    })
    expect(entry.Layers.map((layer: string) => statSync(join(layout, layer)).isFile())).toEqual([true, true])
    expect(readLayout(layout).images).toHaveLength(3)
  })

  test('is not there when the build fails, and leaves nothing beside it', async () => {
    const place = folder()
    const output = { type: 'archive', path: join(place, 'app.tar') } as const
    const missing = { ...inputsOf([output]), file: () => ({ path: join(place, 'nothing') }) }
    await expect(buildOciImage(specOf(), missing)).rejects.toMatchObject({
      kind: 'image',
      why: 'there is no such file',
    })
    const wrong = inputsOf([output])
    await expect(
      buildOciImage(specOf(), {
        ...wrong,
        file: (f, p) => ({ ...wrong.file(f, p), sha256: '0'.repeat(64) }),
      }),
    ).rejects.toMatchObject({ kind: 'image', why: 'it changed while it was read' })
    expect(readdirSync(place)).toEqual([])
  })

  test('never holds what a link in the project leads out to', async () => {
    const project = folder()
    const secret = join(folder(), 'secret')
    writeFileSync(secret, 'secret')
    writeFileSync(join(project, 'own'), 'own')
    symlinkSync(secret, join(project, 'out'))
    symlinkSync('own', join(project, 'in'))
    const path = join(folder(), 'app.tar')
    const build = (name: string) => {
      const files = [{ target: '/etc/app', source: { path: join(project, name) }, mode: 0o644 }]
      const file = () => ({ path: join(project, name) })
      return buildOciImage(specOf({ files }), {
        ...inputsOf([{ type: 'archive', path }]),
        root: project,
        file,
      })
    }
    await expect(build('out')).rejects.toMatchObject({ kind: 'usage', where: join(project, 'out') })
    await build('in')
    expect(list(readLayout(unpack(path)).images[0].layers[1])).toContain(
      '-rw-r--r-- 0/0 3 1970-01-01 00:00 etc/app',
    )
  })

  test('replaces an older one whole', async () => {
    const path = join(folder(), 'app.tar')
    writeFileSync(path, 'older')
    await buildOciImage(specOf(), inputsOf([{ type: 'archive', path }]))
    expect(readLayout(unpack(path)).images).toHaveLength(3)
  })

  test('an interrupted build leaves nothing', async () => {
    const place = folder()
    const controller = new AbortController()
    const inputs = inputsOf([{ type: 'archive', path: join(place, 'app.tar') }], {
      signal: controller.signal,
      onProgress: detail => detail.startsWith('writing') && controller.abort(),
    })
    await expect(buildOciImage(specOf(), inputs)).rejects.toMatchObject({ kind: 'interrupted' })
    expect(readdirSync(place)).toEqual([])
    expect(
      readdirSync(inputs.cacheFolder as string, { recursive: true }).filter(name =>
        String(name).endsWith('.tmp'),
      ),
    ).toEqual([])
  })
})

describe('a layout', () => {
  test('is a folder with the same content', async () => {
    const place = folder()
    const [archive, layout] = [join(place, 'app.tar'), join(place, 'layout')]
    const image = await buildOciImage(
      specOf(),
      inputsOf([
        { type: 'archive', path: archive },
        { type: 'layout', path: layout },
      ]),
    )
    const { root } = readLayout(layout)
    expect(root).toEqual(readLayout(unpack(archive)).root)
    expect(root.manifests[0].digest).toBe(image.indexDigest)
    expect(readdirSync(place).sort()).toEqual(['app.tar', 'layout'])
  })

  test('keeps images of other names and replaces its own', async () => {
    const path = join(folder(), 'layout')
    const build = (changes: Partial<ImageSpec>) =>
      buildOciImage(specOf(changes), inputsOf([{ type: 'layout', path }]))
    await build({ tags: ['app:1'] })
    const two = await build({ tags: ['app:2'], epoch: 1 })
    const one = await build({ tags: ['app:1'], epoch: 2 })
    const { manifests } = readLayout(path).root
    expect(manifests.map(({ digest }: { digest: string }) => digest)).toEqual([
      two.indexDigest,
      one.indexDigest,
    ])
  })

  test('that several builds make at the same time is whole', async () => {
    const path = join(folder(), 'layout')
    const inputs = inputsOf([{ type: 'layout', path }])
    const images = await Promise.all([1, 2, 3, 4].map(() => buildOciImage(specOf(), inputs)))
    const { root, images: held } = readLayout(path)
    expect(root.manifests.map(({ digest }: { digest: string }) => digest)).toEqual([images[0]?.indexDigest])
    expect(held).toHaveLength(3)
  })

  test('to which several builds add at the same time holds them all', async () => {
    const path = join(folder(), 'layout')
    const inputs = inputsOf([{ type: 'layout', path }])
    const build = (tag: string) => buildOciImage(specOf({ tags: [tag] }), inputs)
    await build('app:0')
    await Promise.all(['app:1', 'app:2', 'app:3', 'app:4'].map(build))
    const named = readLayout(path).root.manifests.map(
      ({ annotations }: { annotations: Record<string, string> }) =>
        annotations['org.opencontainers.image.ref.name'],
    )
    expect(named.sort()).toEqual(['0', '1', '2', '3', '4'])
    expect(readdirSync(path).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
  })

  test('a damaged blob in it is replaced', async () => {
    const path = join(folder(), 'layout')
    const build = () => buildOciImage(specOf(), inputsOf([{ type: 'layout', path }]))
    const {
      platforms: [first],
    } = await build()
    const blob = join(path, 'blobs', (first?.layers[1]?.digest ?? '').replace(':', '/'))
    const bytes = readFileSync(blob)
    bytes.fill(0, 1000, 1100)
    writeFileSync(blob, bytes)
    await build()
    expect(readLayout(path).images).toHaveLength(3)
  })

  test('that was cut short in an empty folder is made by the next build', async () => {
    const path = folder()
    const controller = new AbortController()
    const inputs = inputsOf([{ type: 'layout', path }])
    const cutShort = buildOciImage(specOf(), {
      ...inputs,
      signal: controller.signal,
      onProgress: detail => detail.startsWith('writing') && setImmediate(() => controller.abort()),
    })
    await expect(cutShort).rejects.toMatchObject({ kind: 'interrupted' })
    expect(readdirSync(path)).not.toContain('index.json')
    await buildOciImage(specOf(), inputs)
    expect(readLayout(path).images).toHaveLength(3)
  })

  test('is put beside the temporary file of a build that was killed', async () => {
    const path = folder()
    writeFileSync(join(path, '.oci-layout.0123456789ab.tmp'), '')
    await buildOciImage(specOf(), inputsOf([{ type: 'layout', path }]))
    expect(readLayout(path).images).toHaveLength(3)
  })

  test('is not put among other files', async () => {
    const path = folder()
    writeFileSync(join(path, 'precious'), '')
    await expect(buildOciImage(specOf(), inputsOf([{ type: 'layout', path }]))).rejects.toMatchObject({
      kind: 'usage',
    })
    expect(readdirSync(path)).toEqual(['precious'])
  })
})

describe('a base on disk', () => {
  const onBase = (reference: string, changes: Partial<ImageSpec> = {}) =>
    specOf({ base: { reference, family: 'other', predicted: false, reason: '' }, ...changes })
  const files = [{ target: '/etc/app.conf', source: { artifact: 'conf' }, mode: 0o644 }]

  test.each(['layout', 'app.oci.tar'])('%s is built on, platform by platform', async name => {
    const reference = join(folder(), name)
    const type = name === 'layout' ? 'layout' : 'archive'
    const labels = { a: 'base', b: 'base' }
    const below = await buildOciImage(
      specOf({ config: { ...specOf().config, labels, user: '7' } }),
      inputsOf([{ type, path: reference }]),
    )
    const path = join(folder(), 'app.tar')
    const config = { entrypoint: [], cmd: [], env: { A: '1' }, ports: [], labels: { b: 'own' } }
    const image = await buildOciImage(
      onBase(reference, { files, config }),
      inputsOf([{ type: 'archive', path }]),
    )
    const { images } = readLayout(unpack(path))
    for (const [number, { manifest, config }] of images.entries()) {
      expect(config.config).toMatchObject({
        Entrypoint: ['/usr/local/bin/app'],
        User: '7',
        Labels: { a: 'base', b: 'own' },
        Env: [...builtinEnv, 'A=1'],
      })
      expect(manifest.annotations).toMatchObject({
        'org.opencontainers.image.base.digest': below.indexDigest,
      })
      expect(manifest.layers).toHaveLength(3)
      expect(config.history).toHaveLength(3)
      expect(image.platforms[number]?.layers.slice(0, 2)).toEqual(below.platforms[number]?.layers)
    }
  })

  test('with a damaged layer is refused', async () => {
    const reference = join(folder(), 'layout')
    const below = await buildOciImage(specOf(), inputsOf([{ type: 'layout', path: reference }]))
    const blob = join(reference, 'blobs', (below.platforms[0]?.layers[1]?.digest ?? '').replace(':', '/'))
    writeFileSync(blob, readFileSync(blob).fill(0, 500))
    const path = join(folder(), 'app.tar')
    await expect(
      buildOciImage(onBase(reference, { files }), inputsOf([{ type: 'archive', path }])),
    ).rejects.toMatchObject({ kind: 'verification' })
    expect(existsSync(path)).toBe(false)
  })

  test('that is not there is named', async () => {
    const reference = join(folder(), 'nothing.tar')
    await expect(buildOciImage(onBase(reference), inputsOf([]))).rejects.toMatchObject({
      kind: 'usage',
      what: expect.stringContaining('nothing.tar'),
    })
  })
})

const builtinEnv = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
]

describe('the cache', () => {
  const blobs = (cache: string) =>
    readdirSync(join(cache, 'blobs/sha256')).map(name => join(cache, 'blobs/sha256', name))

  test('holds the layers, and a second build takes them from there', async () => {
    const inputs = inputsOf([{ type: 'archive', path: join(folder(), 'app.tar') }])
    await buildOciImage(specOf(), inputs)
    const cache = inputs.cacheFolder as string
    const before = blobs(cache).map(path => [path, statSync(path).ino])
    expect(before).toHaveLength(4)
    await buildOciImage(specOf(), inputs)
    expect(blobs(cache).map(path => [path, statSync(path).ino])).toEqual(before)
  })

  test.each([
    ['altered', (bytes: Buffer) => bytes.fill(0, bytes.length >> 1)],
    ['truncated', (bytes: Buffer) => bytes.subarray(0, 100)],
    ['empty', () => Buffer.alloc(0)],
  ])('%s entries are replaced, and the image is the same', async (_, damage) => {
    const path = join(folder(), 'app.tar')
    const inputs = inputsOf([{ type: 'archive', path }])
    await buildOciImage(specOf(), inputs)
    const whole = readFileSync(path)
    const files = readdirSync(inputs.cacheFolder as string, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
    expect(files.length).toBeGreaterThan(8)
    for (const file of files) writeFileSync(file, damage(readFileSync(file)))
    await buildOciImage(specOf(), inputs)
    expect(readFileSync(path).equals(whole)).toBe(true)
    for (const file of blobs(inputs.cacheFolder as string)) {
      expect(file).toContain(createHash('sha256').update(readFileSync(file)).digest('hex'))
    }
  })

  test('that cannot be written to is done without, and said', async () => {
    const path = join(folder(), 'app.tar')
    const cacheFolder = join(folder(), 'file')
    writeFileSync(cacheFolder, '')
    const remarks: string[] = []
    await buildOciImage(specOf(), {
      ...inputsOf([{ type: 'archive', path }]),
      cacheFolder,
      onRemark: text => remarks.push(text),
    })
    expect(remarks).toEqual([expect.stringContaining(`The cache folder ${cacheFolder} cannot be written to`)])
    expect(readLayout(unpack(path)).images).toHaveLength(3)
  })

  test('serves builds that run at the same time', async () => {
    const inputs = inputsOf([])
    const paths = Array.from({ length: 6 }, () => join(folder(), 'app.tar'))
    await Promise.all(
      paths.map(path => buildOciImage(specOf(), { ...inputs, outputs: [{ type: 'archive', path }] })),
    )
    const [first, ...rest] = paths.map(path => readFileSync(path))
    for (const other of rest) expect(other.equals(first as Buffer)).toBe(true)
  })
})
