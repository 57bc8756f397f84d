import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type BuilderFacts, inspectBuilder } from '../../src/image/buildx/builder.ts'
import { checkBuilder } from '../../src/image/buildx/check-builder.ts'
import { buildxCommand, buildxFiles } from '../../src/image/buildx/command.ts'
import { renderDockerfile } from '../../src/image/buildx/dockerfile.ts'
import { placeLayout } from '../../src/image/buildx/place-output.ts'
import { type BuildxResult, runBuildx } from '../../src/image/buildx/run.ts'
import { stageContext } from '../../src/image/buildx/stage.ts'
import type { Destination } from '../../src/image/destination.ts'
import { platforms as allPlatforms, parsePlatforms } from '../../src/platforms.ts'
import type { ImageConfig, ImageSpec } from '../../src/types.ts'
import { substitute } from '../../src/util/substitute.ts'
import { failureOf, textOf } from '../support/failure-of.ts'
import { temporaryFolder } from '../support/projects.ts'
import { type Capability, describeWith, rig, rigValue } from '../support/rig.ts'

const minutes = (count: number) => count * 60_000
const two = ['linux/amd64', 'linux/arm64']

/** Each version of buildx with a folder of docker's that has it as a plugin. */
const versions = [
  { version: 'new', needs: ['buildx'], config: rig['DOCKER_CONFIG'] ?? '' },
  { version: 'old', needs: ['buildx-old'], config: rig['XBUILD_RIG_DOCKER_CONFIG_OLD'] ?? '' },
] as const

/** Puts docker, an engine and a version of buildx into the environment of what runs. */
function useDocker(config: string, engine = rigValue('DOCKER_HOST')): void {
  vi.stubEnv('PATH', [rigValue('XBUILD_RIG_PATH'), process.env['PATH'] ?? ''].join(delimiter))
  vi.stubEnv('DOCKER_CONFIG', config)
  vi.stubEnv('DOCKER_HOST', engine)
  vi.stubEnv('BUILDX_BUILDER', undefined)
}
afterEach(() => vi.unstubAllEnvs())

const registryTag = (name: string) => `${rigValue('XBUILD_RIG_REGISTRY')}/buildx-e2e-${process.pid}/${name}:1`
const base = () => `${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian13:nonroot`
const crane = (...args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_CRANE'), args, { encoding: 'utf8' }).trim()

interface Made extends BuildxResult {
  readonly folder: string
  /** The OCI layout, where one was asked for. */
  readonly layout: Layout
}

interface Asked {
  readonly platforms?: readonly string[]
  readonly destinations?: readonly Destination[]
  readonly spec?: Partial<ImageSpec>
  readonly config?: Partial<ImageConfig>
  readonly builder?: string
  /** The program's content for a platform. */
  readonly content?: (platform: string) => string
  readonly template?: string
  readonly pinnedDigest?: string
}

/** Stages and builds an image of one small file per platform, by the same steps as `xbuild build`. */
async function make(asked: Asked = {}): Promise<Made> {
  const folder = await temporaryFolder()
  const image: ImageSpec = {
    name: 'app',
    platforms: parsePlatforms(asked.platforms ?? two),
    base: { reference: base(), family: 'static', predicted: false, reason: '' },
    config: { entrypoint: ['/app'], cmd: [], env: {}, ports: [], labels: {}, ...asked.config },
    files: [{ target: '/app', source: { artifact: 'app' }, mode: 0o755 }],
    annotations: [],
    epoch: 1_700_000_000,
    tags: [],
    ...asked.spec,
  }
  const files = buildxFiles(folder)
  mkdirSync(join(folder, 'sources'))
  const content = await stageContext(image, {
    dir: files.staging,
    root: folder,
    file: (_, { id }) => {
      const path = join(folder, 'sources', id.replaceAll('/', '_'))
      writeFileSync(path, (asked.content ?? (platform => `program for ${platform}\n`))(id))
      return { path }
    },
  })
  await rename(files.staging, files.context(content))
  await writeFile(
    files.dockerfile,
    renderDockerfile(image, { template: asked.template, pinnedDigest: asked.pinnedDigest }),
  )
  const destinations = asked.destinations ?? [{ type: 'layout', path: join(folder, 'image') }]
  const options = { cacheFrom: [], cacheTo: [], ...(asked.builder && { builder: asked.builder }) }
  const command = buildxCommand(image, { folder, destinations, options, cwd: folder })
  const result = await runBuildx(substitute(command, { content }))
  return { ...result, folder, layout: readLayout(files.output(0)) }
}

interface Layout {
  readonly platforms: readonly string[]
  /** By platform. */
  readonly manifests: Readonly<Record<string, string>>
  readonly config: (platform: string) => {
    readonly config: Readonly<Record<string, unknown>>
    readonly created: string
    readonly rootfs: { readonly diff_ids: readonly string[] }
  }
  /** `tar tv` of the layer of the programs, the last that holds something. */
  readonly files: (platform: string) => string[]
  readonly text: (platform: string, path: string) => string
}

/** Reads a layout (lazily: where there is none, nothing is read). */
function readLayout(folder: string): Layout {
  const blob = (digest: string) => join(folder, 'blobs', digest.replace(':', '/'))
  const json = (digest: string) => JSON.parse(readFileSync(blob(digest), 'utf8'))
  const index = () => json(JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests[0].digest)
  const entries = () =>
    (index().manifests as { digest: string; platform: Record<string, string> }[])
      .map(({ digest, platform }) => ({
        digest,
        id: [platform['os'], platform['architecture'], platform['variant']].filter(Boolean).join('/'),
      }))
      .filter(({ id }) => id !== 'unknown/unknown')
  const manifest = (platform: string) => json(entries().find(({ id }) => id === platform)?.digest ?? '')
  // WORKDIR's layer is an empty tar, which takes 32 bytes.
  const layer = (platform: string) =>
    blob(
      (manifest(platform).layers as { digest: string; size: number }[]).findLast(({ size }) => size > 32)
        ?.digest ?? '',
    )
  const tar = (platform: string, ...args: string[]) =>
    execFileSync('tar', [...args.slice(0, 1), '-zf', layer(platform), ...args.slice(1)], { encoding: 'utf8' })
  return {
    get platforms() {
      return entries().map(({ id }) => id)
    },
    get manifests() {
      return Object.fromEntries(entries().map(({ id, digest }) => [id, digest]))
    },
    config: platform => json(manifest(platform).config.digest),
    files: platform =>
      tar(platform, '-t', '-v', '--numeric-owner', '--utc', '--full-time').trim().split('\n'),
    text: (platform, path) => tar(platform, '-x', '-O', path),
  }
}

describe.each(versions)('the $version buildx', ({ needs, config }) => {
  describeWith(['engine', 'registry', 'bases', 'crane', ...needs], 'and an engine with containerd', () => {
    let facts: BuilderFacts
    beforeAll(async () => {
      useDocker(config)
      facts = await inspectBuilder({ cwd: '/', load: true })
      vi.unstubAllEnvs()
    }, minutes(2))

    it('is seen as what it is', () => {
      expect(facts).toMatchObject({
        driver: 'docker',
        containerdStore: true,
        loadsSeveral: true,
        running: true,
      })
    })

    it(
      'pushes, loads and writes an archive and a layout in one go',
      async () => {
        useDocker(config)
        const folder = await temporaryFolder()
        const tag = registryTag('all')
        const destinations: Destination[] = [
          { type: 'layout', path: join(folder, 'image') },
          { type: 'push', references: [tag] },
          { type: 'load' },
          { type: 'archive', path: join(folder, 'image.tar') },
        ]
        checkBuilder(facts, { platforms: parsePlatforms(two), destinations, cacheTo: [] })
        const made = await make({ destinations, spec: { tags: [tag] } })
        const { manifests } = made.layout
        expect(Object.keys(manifests)).toEqual(two)
        expect(crane('digest', tag)).toBe(made.digest)
        const archive = buildxFiles(made.folder).output(3)
        const index = JSON.parse(execFileSync('tar', ['-xOf', archive, 'index.json'], { encoding: 'utf8' }))
        expect(index.manifests).toMatchObject([
          { digest: made.digest, annotations: { 'io.containerd.image.name': tag } },
        ])
        const loaded = execFileSync('docker', ['image', 'inspect', tag, '--format', '{{.Id}}'], {
          encoding: 'utf8',
        })
        expect(loaded.trim()).toBe(made.digest)

        const to = join(folder, 'image')
        const descriptor = made.metadata['containerimage.descriptor'] as Parameters<typeof placeLayout>[2]
        await placeLayout(buildxFiles(made.folder).output(0), to, descriptor, [tag])
        expect(readLayout(to).manifests).toEqual(manifests)
      },
      minutes(5),
    )

    it(
      'has steps with a platform and a time',
      async () => {
        useDocker(config)
        const { vertices, seconds } = await make({ content: platform => `${platform} ${Math.random()}` })
        const copies = vertices.filter(({ name }) => name.startsWith('COPY'))
        expect(copies.map(({ platform }) => platform).sort()).toEqual(two)
        expect(copies.every(copy => !copy.cached && copy.seconds > 0 && copy.seconds < seconds + 1)).toBe(
          true,
        )
      },
      minutes(3),
    )

    it(
      'has errors that say what mends them',
      async () => {
        useDocker(config)
        const missing = await failureOf(make({ spec: { base: { ...local(), reference: `${base()}x` } } }))
        expect(missing).toMatchObject({ kind: 'registry', what: `There is no image ${base()}x` })
        expect(missing.where).toBe(`Dockerfile line 2: FROM ${base()}x`)

        const lacking = await failureOf(make({ platforms: ['linux/amd64', 'linux/386'] }))
        expect(lacking).toMatchObject({ kind: 'registry', what: `${base()} has no image for linux/386` })

        const destinations: Destination[] = [{ type: 'push', references: [] }]
        const refused = await failureOf(make({ destinations, spec: { tags: ['127.0.0.1:1/app:1'] } }))
        expect(refused).toMatchObject({ kind: 'registry', what: 'The builder cannot reach 127.0.0.1:1' })

        const failing = await failureOf(
          make({ template: 'FROM {{base}}\nRUN ["/nothing"]\n', platforms: ['linux/amd64'] }),
        )
        expect(failing.where).toBe('Dockerfile line 2: RUN ["/nothing"]')
        expect(failing.why).toMatch(/nothing/)
      },
      minutes(5),
    )
  })

  describeWith(
    ['classic', 'engine', 'registry', 'bases', 'crane', ...needs],
    'and an engine without containerd',
    () => {
      const engine = rig['XBUILD_RIG_CLASSIC_DOCKER_HOST'] ?? ''

      it(
        'pushes or loads one platform, and is refused what it cannot do',
        async () => {
          useDocker(config, engine)
          const facts = await inspectBuilder({ cwd: '/', load: true })
          expect(facts).toMatchObject({ driver: 'docker', containerdStore: false, loadsSeveral: false })
          const tag = registryTag('classic')
          const push: Destination = { type: 'push', references: [tag] }
          const load: Destination = { type: 'load' }
          const archive: Destination = { type: 'archive', path: '/x.tar' }
          const check =
            (platforms: readonly string[], ...destinations: Destination[]) =>
            () =>
              checkBuilder(facts, { platforms: parsePlatforms(platforms), destinations, cacheTo: [] })
          const one = ['linux/amd64']
          check(one, push, load)()
          const made = await make({ platforms: one, destinations: [push, load], spec: { tags: [tag] } })
          expect(crane('digest', tag)).toBe(made.digest)

          // What is refused beforehand is what buildx refuses.
          for (const [platforms, destination] of [
            [two, push],
            [one, archive],
          ] as const) {
            expect((await failureOf(check(platforms, destination))).fix).toMatch(/docker buildx create/)
            const failure = await failureOf(
              make({ platforms, destinations: [destination], spec: { tags: [tag] } }),
            )
            expect(failure).toMatchObject({
              kind: 'image',
              what: expect.stringMatching(/The builder cannot do what is asked|no index/),
            })
          }
          expect(crane('digest', tag)).toBe(made.digest)
        },
        minutes(5),
      )
    },
  )

  describeWith(
    ['buildkit', 'classic', 'engine', 'registry', 'bases', 'crane', ...needs],
    'and BuildKit elsewhere',
    () => {
      const [first = '', second = ''] = (rig['XBUILD_RIG_REMOTE_BUILDKIT'] ?? '').split(' ')
      const buildx = (...args: string[]) => execFileSync('docker', ['buildx', ...args], { stdio: 'pipe' })
      let made: Promise<string> | undefined
      /** Puts builders of every kind into the environment. */
      const useBuilders = async (engine?: string) => {
        useDocker(config, engine)
        const isFirst = made === undefined
        made ??= temporaryFolder()
        vi.stubEnv('BUILDX_CONFIG', await made)
        if (!isFirst) return
        buildx('create', '--name', 'one', '--driver', 'remote', first)
        buildx('create', '--name', 'two', '--driver', 'remote', '--platform', 'linux/amd64', first)
        buildx('create', '--name', 'two', '--append', '--platform', 'linux/arm64', second)
        buildx('create', '--name', 'gone', '--driver', 'remote', 'unix:///nowhere/buildkitd.sock')
        buildx('create', '--name', 'container', '--driver', 'docker-container')
      }

      it(
        'is seen as what it is',
        async () => {
          await useBuilders()
          const inspect = (builder: string) => inspectBuilder({ builder, cwd: '/', load: true })
          expect(await inspect('one')).toMatchObject({
            driver: 'remote',
            nodes: 1,
            running: true,
            loadsSeveral: true,
          })
          expect(await inspect('two')).toMatchObject({ driver: 'remote', nodes: 2, running: true })
          expect(await inspect('container')).toMatchObject({
            driver: 'docker-container',
            running: false,
            hostNetwork: false,
          })
          expect(await failureOf(inspect('gone'))).toMatchObject({
            kind: 'image',
            what: 'The builder gone does not answer',
          })
          expect(await failureOf(inspect('none'))).toMatchObject({
            kind: 'image',
            what: 'There is no builder "none"',
          })
          vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock')
          expect(await failureOf(inspect(''))).toMatchObject({
            kind: 'image',
            fix: expect.stringContaining('start Docker'),
          })
        },
        minutes(2),
      )

      it(
        'makes the same images as the engine does, and loads them into it',
        async () => {
          await useBuilders()
          const [remote, own] = [await make({ builder: 'one' }), await make()]
          // The compressors of two versions of BuildKit need not give the same bytes.
          for (const platform of two)
            expect(remote.layout.config(platform)).toEqual(own.layout.config(platform))
          const tag = registryTag('remote')
          await make({ builder: 'one', destinations: [{ type: 'load' }], spec: { tags: [tag] } })
          const { stdout } = {
            stdout: execFileSync('docker', ['image', 'inspect', tag], { encoding: 'utf8' }),
          }
          expect(JSON.parse(stdout)).toHaveLength(1)
        },
        minutes(5),
      )

      it(
        'cannot load several platforms into the classic store, which is known beforehand',
        async () => {
          await useBuilders(rigValue('XBUILD_RIG_CLASSIC_DOCKER_HOST'))
          const facts = await inspectBuilder({ builder: 'one', cwd: '/', load: true })
          const destinations: Destination[] = [{ type: 'load' }]
          const wants = { platforms: parsePlatforms(two), destinations, cacheTo: [] }
          expect(await failureOf(() => checkBuilder(facts, wants))).toMatchObject({
            what: 'The engine cannot load an image of several platforms',
          })
          const spec = { tags: [registryTag('x')] }
          const failure = await failureOf(make({ builder: 'one', destinations, spec }))
          expect(failure.what).toBe('The builder cannot do what is asked')
          await make({ builder: 'one', destinations, spec, platforms: ['linux/amd64'] })
        },
        minutes(5),
      )

      it(
        'pushes from several nodes at once, and can do no more than that',
        async () => {
          await useBuilders()
          const tag = registryTag('nodes')
          const spec = { tags: [tag] }
          const made = await make({
            builder: 'two',
            destinations: [{ type: 'push', references: [tag] }],
            spec,
          })
          expect(crane('digest', tag)).toBe(made.digest)
          const failure = await failureOf(make({ builder: 'two', spec }))
          expect(failure).toMatchObject({ kind: 'image', what: 'A builder of several nodes can only push' })
        },
        minutes(5),
      )
    },
  )

  describeWith(
    ['auth-registry', 'engine', 'bases', 'crane', ...needs],
    'and a registry with a log-in',
    () => {
      it(
        'uses that of docker login, and says so when it is missing',
        async () => {
          useDocker(config)
          const registry = rigValue('XBUILD_RIG_AUTH_REGISTRY')
          const tag = `${registry}/buildx-e2e-${process.pid}/app:1`
          const destinations: Destination[] = [{ type: 'push', references: [tag] }]
          const refused = await failureOf(make({ destinations, spec: { tags: [tag] } }))
          expect(refused).toMatchObject({
            kind: 'registry',
            what: `${registry} does not let you push to ${tag}`,
            fix: `docker login ${registry}`,
          })
          const password = rigValue('XBUILD_RIG_AUTH_PASSWORD')
          expect(textOf(refused)).not.toContain(password)

          const loggedIn = await temporaryFolder()
          await mkdir(join(loggedIn, 'cli-plugins'))
          execFileSync('cp', ['-L', join(config, 'cli-plugins/docker-buildx'), join(loggedIn, 'cli-plugins')])
          vi.stubEnv('DOCKER_CONFIG', loggedIn)
          execFileSync(
            'docker',
            ['login', '-u', rigValue('XBUILD_RIG_AUTH_USER'), '--password-stdin', registry],
            {
              input: password,
              stdio: 'pipe',
            },
          )
          const { digest } = await make({ destinations, spec: { tags: [tag] } })
          expect(crane('digest', tag)).toBe(digest)
        },
        minutes(5),
      )
    },
  )
})

function local() {
  return { reference: base(), family: 'static', predicted: false, reason: '' } as const
}

const engine: readonly Capability[] = ['engine', 'buildx', 'bases']
describeWith(engine, 'an image that BuildKit made', () => {
  const useNew = () => useDocker(rigValue('DOCKER_CONFIG'))
  const scratch = { base: { ...local(), reference: 'scratch' } }

  it(
    'says exactly what was meant, whatever the characters',
    async () => {
      useNew()
      const line = fc.string({ unit: 'binary', maxLength: 40 }).map(text => text.replace(/[\n\0]/g, ''))
      const any = fc.string({ unit: 'binary', maxLength: 40 }).map(text => text.replaceAll('\0', ''))
      const nasty = [
        '$HOME',
        '\\$x',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant
        '${TARGETPLATFORM}',
        '"',
        "'",
        '\\',
        '\\\\"',
        ' a  b ',
        '\t',
        '\r',
        '`x`',
        '#',
        '<<EOF',
        '\\n',
        '{{env}}',
        'é\u2028',
        '',
      ]
      const env = Object.fromEntries(
        [...nasty, ...fc.sample(line, 40)].map((value, index) => [`V_${index}`, value]),
      )
      const labels = Object.fromEntries(
        [...nasty, 'two\nlines', ...fc.sample(any, 40)].map((value, index) => [`l ${index}"$x\\`, value]),
      )
      const words = [...nasty, 'two\nlines', ...fc.sample(any, 20)]
      const made = await make({
        spec: scratch,
        config: {
          entrypoint: ['/app', ...words],
          cmd: words,
          env,
          labels,
          user: '65532:nobody',
          workdir: '/srv/a "b" $c\\',
          ports: ['8080/tcp', '53/udp'],
        },
      })
      for (const platform of two) {
        const { config } = made.layout.config(platform)
        const [path, ...variables] = config['Env'] as string[]
        expect(path).toMatch(/^PATH=/)
        expect(variables).toEqual(Object.entries(env).map(([name, value]) => `${name}=${value}`))
        expect(config).toMatchObject({
          Entrypoint: ['/app', ...words],
          Cmd: words,
          Labels: labels,
          User: '65532:nobody',
          WorkingDir: '/srv/a "b" $c\\',
          ExposedPorts: { '8080/tcp': {}, '53/udp': {} },
        })
      }
    },
    minutes(5),
  )

  it(
    'has fixed modes, owners and times, and is the same on a builder that built before',
    async () => {
      useNew()
      const files = ['/app', '/tmp/x', '/etc/app/app.conf'].map(target => ({
        target,
        source: { artifact: 'app' },
        mode: target === '/app' ? 0o755 : 0o640,
      }))
      const build = async (epoch: number, content: string) => {
        const umask = process.umask(epoch % 2 === 0 ? 0o077 : 0o002)
        try {
          return await make({
            spec: { files, epoch, base: local() },
            config: { workdir: '/srv/data' },
            content: platform => platform + content,
          })
        } finally {
          process.umask(umask)
        }
      }
      const unique = `${process.pid} ${Date.now()}`
      const first = await build(1_000_000_001, unique)
      expect(first.layout.files('linux/arm64').map(line => line.replace(/ +/g, ' '))).toEqual([
        `-rwxr-xr-x 0/0 ${`linux/arm64${unique}`.length} 1970-01-01 00:00:00 app`,
        'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/',
        'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/app/',
        `-rw-r----- 0/0 ${`linux/arm64${unique}`.length} 1970-01-01 00:00:00 etc/app/app.conf`,
        'drwxrwxrwt 0/0 0 1970-01-01 00:00:00 tmp/',
        `-rw-r----- 0/0 ${`linux/arm64${unique}`.length} 1970-01-01 00:00:00 tmp/x`,
      ])
      const { created, rootfs } = first.layout.config('linux/arm64')
      expect(created).toBe('2001-09-09T01:46:41Z')
      // The last layer is that of WORKDIR: an empty tar.
      expect(rootfs.diff_ids.at(-1)).toBe(
        'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
      )

      const later = await build(1_000_000_002, unique)
      expect(later.layout.config('linux/arm64').rootfs).toEqual(rootfs)
      expect(later.layout.config('linux/arm64').created).toBe('2001-09-09T01:46:42Z')
      // Of equal size and name, on a builder that has the other.
      const other = await build(1_000_000_001, [...unique].reverse().join(''))
      expect(other.layout.text('linux/arm64', 'app')).toBe(`linux/arm64${[...unique].reverse().join('')}`)
      const again = await build(1_000_000_001, unique)
      expect(again.layout.manifests).toEqual(first.layout.manifests)
    },
    minutes(5),
  )

  it(
    'finds the tree of every platform under its TARGETPLATFORM',
    async () => {
      useNew()
      const ids = allPlatforms.map(({ id }) => id)
      const { layout } = await make({ platforms: ids, spec: scratch })
      expect([...layout.platforms].sort()).toEqual([...ids].sort())
      for (const id of ids) {
        expect(layout.text(id, 'app')).toBe(`program for ${id}\n`)
        expect(layout.files(id)).toHaveLength(1)
      }
    },
    minutes(10),
  )

  it(
    'is made of the base that is pinned',
    async () => {
      useNew()
      const digest = crane('digest', base())
      const pinned = await make({ pinnedDigest: digest })
      expect(pinned.layout.manifests).toEqual((await make()).layout.manifests)
      const gone = await failureOf(make({ pinnedDigest: `sha256:${'0'.repeat(64)}` }))
      expect(gone).toMatchObject({ kind: 'registry', what: expect.stringContaining('There is no image') })
    },
    minutes(3),
  )
})
