import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { hangingGo } from '../support/hanging-go.ts'
import { loggingTool } from '../support/logging-tool.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'
import { buildImage, intoRegistry } from '../support/test-image.ts'

let registry: FaultRegistry
const attestation = {
  ...{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'a'.repeat(64)}`, size: 1 },
  platform: { os: 'unknown', architecture: 'unknown' },
}
const both = buildImage(['linux/amd64', 'linux/arm64'], [attestation])
beforeAll(async () => {
  registry = await startFaultRegistry()
  intoRegistry(registry, both, 'team/both', '1')
  intoRegistry(registry, buildImage(['linux/amd64'], [attestation]), 'team/one', '1')
  intoRegistry(registry, buildImage([], [attestation]), 'team/none', '1')
  intoRegistry(registry, buildImage(['linux/arm/v5', 'linux/arm/v7']), 'team/arm', '1')
})
afterAll(() => registry.close())

const made = async (dir: string) =>
  (await readdir(join(dir, 'dist')).catch(() => [])).filter(name => /\.tar$|^linux_|^\.xbuild/.test(name))

/** A docker whose builder says so of a base, and that has no such image. */
const dockerThat = async (probe: Reply) => {
  const inspected = fileURLToPath(new URL('../fixtures/buildx/inspect-nodes-0.13.txt', import.meta.url))
  return fakeTools({
    docker: [
      { when: /^buildx version$/, stdout: 'github.com/docker/buildx v0.29.1 abc\n' },
      { when: /^buildx inspect/, stdout: await readFile(inspected, 'utf8') },
      { when: /^buildx build .* -$/, ...probe },
      { when: /./, exitCode: 1, stderr: 'ERROR: the build itself was begun' },
    ],
  })
}

describe('the index of the base', () => {
  test.each([
    ['team/one:1', 2, /has no image for linux\/arm64[\s\S]*it has linux\/amd64\n/],
    ['team/none:1', 2, /has no image for linux\/amd64, linux\/arm64[\s\S]*it has no platform at all/],
    ['team/gone:1', 8, /There is no base image .*team\/gone:1/],
  ])('of %s ends the build while it compiles', async (base, code, message) => {
    const dir = await project(helloGo)
    // The compiler never ends by itself, so what ends the build is the base.
    const { path } = await hangingGo('build')
    const args = ['--backend=oci', `--base=${registry.host}/${base}`]
    const result = await xbuild(args, { cwd: dir, env: { PATH: path } })
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
    expect(await made(dir)).toEqual([])
  })

  it('that has a lower variant of arm alone serves a static program, whose image says what it is for', async () => {
    const cwd = await project(helloGo)
    const base = `${registry.host}/team/arm:1`
    const args = ['--backend=oci', `--base=${base}`, '--platform=linux/arm/v6', '--user=1000:1000', '--json']
    const { code, stderr, stdout } = await xbuild(args, { cwd })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).toContain(
      `${base} has no image for linux/arm/v6: the one for linux/arm/v5 is taken, as docker does`,
    )
    expect(JSON.parse(stdout).images[0].platforms).toMatchObject([{ platform: 'linux/arm/v6' }])
  })

  it('that has a link where the program goes ends the build with the path to use', async () => {
    const layers = [[{ name: 'bin', link: 'usr/bin' }, { name: 'usr/bin/' }]]
    intoRegistry(registry, buildImage([{ platform: 'linux/amd64', layers }]), 'team/merged', '1')
    const dir = await project({ ...helloGo, 'xbuild.toml': '[image]\nprogram = "/bin/hello"\n' })
    const args = ['--backend=oci', `--base=${registry.host}/team/merged:1`, '--platform=linux/amd64']
    const { code, stderr } = await xbuild(args, { cwd: dir })
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('/usr/bin/hello') })
    expect((await made(dir)).filter(name => name.endsWith('.tar'))).toEqual([])
  })

  const unreachable = '127.0.0.1:1/team/base:1'
  const missing = { exitCode: 1, stderr: '#1 [internal]\nERROR: failed to resolve: no route to host\n' }

  it.each(['oci', 'buildx'])('that nobody can reach ends the build before it compiles: %s', async backend => {
    const { path } = await dockerThat(missing)
    const args = [`--backend=${backend}`, `--base=${unreachable}`, '--platform=linux/amd64']
    const { code, stdout, stderr } = await xbuild(args, { cwd: await project(helloGo), env: { PATH: path } })
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' })
    expect(stderr).toMatch(
      /The base image 127\.0\.0\.1:1\/team\/base:1 cannot be had: The registry cannot be reached/,
    )
    expect(stderr).toMatch(/--base builtin --backend oci[\s\S]*--offline/)
    expect(stderr).toContain(
      backend === 'oci' ? 'cache does not have it' : 'does not find it: failed to resolve: no route',
    )
    expect(stderr).not.toContain('Compile linux/amd64')
  })

  it('that the builder alone can reach does not', async () => {
    const { path, calls } = await dockerThat({})
    const args = ['--backend=buildx', `--base=${unreachable}`, '--platform=linux/amd64']
    const { code, stderr } = await xbuild(args, { cwd: await project(helloGo), env: { PATH: path } })
    expect(stderr).toContain('warning: the base image could not be looked up')
    expect(stderr).toMatch(/which the builder \S+ finds/)
    expect(stderr).toMatch(/✔ .*Compile linux\/amd64/)
    expect(code).toBe(7) // the fake builds nothing
    const probe = (await calls('docker')).find(({ args }) => args.at(-1) === '-')
    expect(probe?.args).toContain('type=cacheonly')
  })

  it('gives a builder its digest, in the annotation and in FROM', async () => {
    const { path, calls } = await dockerThat({})
    const args = [
      '--backend=buildx',
      `--base=${registry.host}/team/both:1`,
      '--platform=linux/amd64',
      '-o',
      'x',
    ]
    const cwd = await project(helloGo)
    const digest = both.index.digest
    const said = `manifest:org.opencontainers.image.base.digest=${digest}`
    const told = async (...more: string[]) => {
      await xbuild([...args, ...more], { cwd, env: { PATH: path } })
      const build = (await calls('docker')).filter(({ args: words }) => words.includes('--file')).at(-1)
      return build?.args.includes(said)
    }
    expect([await told(), await told('--offline')]).toEqual([true, false])
    const { stdout } = await xbuild(['plan', ...args], { cwd, env: { PATH: path } })
    expect(stdout).toContain(`build asks the registry for the digest of ${registry.host}/team/both:1`)
  })

  it('of a registry that says nothing keeps a first compile waiting for 5 s, and no longer', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const tool = await loggingTool(await temporaryFolder(), 'go')
    const args = ['--backend=oci', `--base=127.0.0.1:${port}/team/base:1`, '--platform=linux/amd64']
    const started = Date.now()
    const running = xbuild([...args, '--registry-timeout=9s'], {
      cwd: await project(helloGo),
      env: { PATH: tool.path },
    })
    const compiles = async () => (await tool.calls()).some(({ args: [command] }) => command === 'build')
    await vi.waitUntil(compiles, { timeout: 30_000, interval: 100 })
    expect(Date.now() - started).toBeGreaterThan(5000)
    // The registry is still being waited for.
    expect(await running).toMatchObject({ code: 8, stdout: '' })
    silent.close()
  })

  it('that the cache has does not, and --offline does not ask', async () => {
    const away = await startFaultRegistry()
    intoRegistry(away, both, 'team/both', '1')
    const cwd = await project(helloGo)
    const GOCACHE = execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim()
    const env = { XDG_CACHE_HOME: await project({}), GOCACHE }
    const args = [
      '--backend=oci',
      `--base=${away.host}/team/both:1`,
      '--platform=linux/amd64',
      '--user=1000:1000',
    ]
    const first = await xbuild(args, { cwd, env })
    expect(first.code).toBe(0)
    await away.close()
    const second = await xbuild(args, { cwd, env })
    expect(second).toMatchObject({ code: 0, stdout: first.stdout })
    expect(second.stderr).toMatch(/Check the base: .*cache has\n/)
    expect(second.stderr).toContain('warning: the base image could not be looked up')
    const offline = await xbuild([...args, '--offline'], { cwd, env })
    expect(offline).toMatchObject({ code: 0, stdout: first.stdout })
    expect(offline.stderr).toContain('Check the base: --offline')
    expect(offline.stderr).not.toContain('cannot be reached')
    const nowhere = await xbuild([...args, '--offline'], {
      cwd,
      env: { XDG_CACHE_HOME: await project({}), GOCACHE },
    })
    expect(nowhere).toMatchObject({ code: 8, stdout: '' })
    expect(nowhere.stderr).toMatch(/✔ .*Compile linux\/amd64/)
    expect(nowhere.stderr).toContain('a build without --offline keeps it in the cache')
  })
})

describe('a build with nothing new', () => {
  const pulls = (requests: FaultRegistry['requests']) =>
    requests.filter(({ path }) => path.includes('/team/both/manifests/')).map(({ method }) => method)

  it.each(['oci', 'buildx'])('costs no pull of the base: %s', async backend => {
    const hub = await startFaultRegistry()
    onTestFinished(() => hub.close())
    intoRegistry(hub, both, 'team/both', '1')
    const toml = `[image]\nbase = "${hub.host}/team/both:1"\nuser = "1:1"\n`
    const cwd = await project({ ...helloGo, 'xbuild.toml': toml })
    const { path } = await dockerThat({})
    const GOCACHE = execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim()
    const env = { XDG_CACHE_HOME: await project({}), GOCACHE, PATH: path }
    const asked = async (...args: string[]) => {
      const before = hub.requests.length
      await xbuild([...args], { cwd, env })
      return pulls(hub.requests.slice(before))
    }
    const args = [`--backend=${backend}`, '--platform=linux/amd64', '-o', 'x']
    expect(await asked(...args)).toContain('GET')
    const again = await asked(...args)
    expect([...new Set(again)]).toEqual(['HEAD'])
    await asked('update')
    expect(await asked(...args, '--locked')).toEqual([])
    await rm(join(env.XDG_CACHE_HOME, 'xbuild'), { recursive: true })
    expect(await asked(...args, '--locked')).toContain('GET')
  })
})

describe('the right to push', () => {
  const writes = ({ requests }: FaultRegistry) =>
    requests.filter(({ method }) => !['GET', 'HEAD'].includes(method))

  it.each(['basic', 'token'] as const)(
    'that is missing ends the build before it compiles (%s)',
    async type => {
      const closed = await startFaultRegistry({ auth: { type, user: 'me', password: 'right' } })
      const docker = await project({ 'config.json': '{}' })
      const args = ['--backend=oci', '--base=scratch', '--push', '-t', `${closed.host}/team/app:1`]
      const { code, stderr } = await xbuild(args, {
        cwd: await project(helloGo),
        env: { DOCKER_CONFIG: docker },
      })
      await closed.close()
      expect(code).toBe(8)
      expect(stderr).toContain('The registry requires a login')
      expect(stderr).toContain(`docker login ${closed.host}`)
      expect(stderr).not.toContain('Compile linux/amd64')
      expect(writes(closed)).toEqual([])
    },
  )

  it('is asked for once for two tags, and not for a build that pushes nothing', async () => {
    const open = await startFaultRegistry()
    const cwd = await project(helloGo)
    const args = [
      '--backend=oci',
      '--base=scratch',
      '--platform=linux/amd64',
      '-t',
      `${open.host}/team/app:{name}`,
    ]
    expect((await xbuild(args, { cwd })).code).toBe(0)
    expect(open.requests).toEqual([])
    expect((await xbuild([...args, '-t', `${open.host}/team/app:2`, '--push'], { cwd })).code).toBe(0)
    const [first, second] = open.requests.filter(({ path }) => path !== '/v2/')
    expect(first).toMatchObject({ method: 'HEAD', path: '/v2/team/app/manifests/latest' })
    expect(second?.path).not.toContain('latest')
    await open.close()
  })

  it('is not asked for where the registry cannot be reached: before xbuild would push, that ends the build', async () => {
    const args = ['--backend=oci', '--base=scratch', '--push', '-t', '127.0.0.1:1/team/app:1']
    const { code, stderr } = await xbuild(args, { cwd: await project(helloGo) })
    expect({ code, compiled: stderr.includes('Compile linux') }).toEqual({ code: 8, compiled: false })
  })
})

describe('--pin', () => {
  const base = () => `${registry.host}/team/both:1`
  const dockerfile =
    (...args: string[]) =>
    async () =>
      xbuild(['dockerfile', '--backend=oci', ...args], { cwd: await project(helloGo) })

  it('writes the digest of the index into the Dockerfile', async () => {
    expect((await dockerfile(`--base=${base()}`)()).stdout).toContain(`FROM ${base()}\n`)
    const { stdout } = await dockerfile(`--base=${base()}`, '--pin')()
    expect(stdout).toContain(`FROM ${base()}@${both.index.digest}\n`)
  })

  it('leaves alone what has no digest, or has one', async () => {
    expect((await dockerfile('--base=scratch', '--pin')()).stdout).toContain('FROM scratch\n')
    const pinned = `${base()}@sha256:${'0'.repeat(64)}`
    expect((await dockerfile(`--base=${pinned}`, '--pin')()).stdout).toContain(`FROM ${pinned}\n`)
  })

  it('needs the registry', async () =>
    expect(await dockerfile('--base=127.0.0.1:1/team/base:1', '--pin')()).toMatchObject({
      code: 8,
      stdout: '',
    }))
})

describe('a program that turns out to be dynamic', () => {
  /** Go links a position-independent program with glibc's loader, which no flag tells before. */
  const pie = ['--backend=oci', '--platform=linux/amd64', '--', '-buildmode=pie']
  const onMirror = () =>
    project({ ...helloGo, 'xbuild.toml': `[image]\nregistry = "${registry.host}/distroless"\n` })
  beforeAll(() => {
    for (const family of ['static', 'base-nossl'])
      intoRegistry(registry, buildImage(['linux/amd64']), `distroless/${family}-debian13`, 'nonroot')
  })

  it('goes on the base that it needs, which is said', async () => {
    const result = await xbuild(['--json', ...pie], { cwd: await onMirror() })
    const base = `${registry.host}/distroless/base-nossl-debian13:nonroot`
    expect(result).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`hello needs the base ${base} instead of `),
    })
    const { images, artifacts } = JSON.parse(result.stdout)
    expect(images).toMatchObject([{ base: { reference: base, family: 'base-nossl', predicted: false } }])
    expect(artifacts).toMatchObject([{ elf: { linkage: 'dynamic' } }])
  })

  it('is refused on a chosen base that cannot run it', async () => {
    const dir = await onMirror()
    const base = `${registry.host}/distroless/static-debian13:nonroot`
    const result = await xbuild([`--base=${base}`, ...pie], { cwd: dir })
    expect(result).toMatchObject({ code: 6, stdout: '' })
    expect(result.stderr).toMatch(/cannot run hello[\s\S]*hello for linux\/amd64 needs glibc/)
    expect((await made(dir)).filter(name => name.endsWith('.tar'))).toEqual([])
  })
})

test('a base that runs programs as root is remarked upon, unless the image names a user', async () => {
  const cwd = await project(helloGo)
  const plan = async (...args: string[]) => (await xbuild(['plan', '--backend=oci', ...args], { cwd })).stdout
  expect(await plan('--base=alpine:3.22')).toContain(
    '# note: alpine:3.22 runs hello as root: --user 65532:65532',
  )
  expect(await plan('--base=alpine:3.22', '--user=1000')).not.toContain('as root')
  expect(await plan()).not.toContain('as root')
})

describe('a mirror of gcr.io/distroless', () => {
  const toml = { 'xbuild.toml': '[image]\nregistry = "mirror.example/distroless/"\n' }
  const from = async (mirror: string, args: string[] = [], env: Record<string, string> = {}) => {
    const { stdout } = await xbuild(['dockerfile', '--backend=oci', ...args], {
      cwd: await project({ ...helloGo, ...toml }),
      env,
    })
    expect(stdout).toContain(`FROM ${mirror}/static-debian13:nonroot\n`)
  }

  it('is named in xbuild.toml', () => from('mirror.example/distroless'))
  const env = { XBUILD_BASE_REGISTRY: 'other.example:5000/d' }
  it('or by a variable, which goes first', () => from('other.example:5000/d', [], env))
  it('or by a flag, which goes before both', () =>
    from('third.example', ['--base-registry', 'third.example/'], env))
  it('and refused where it is none', async () => {
    const cwd = await project(helloGo)
    for (const text of ['https://mirror.example/distroless', 'mirror.example/d:latest', 'mirror example'])
      expect(await xbuild(['plan', '--base-registry', text], { cwd })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('mirror.example.com/distroless'),
      })
  })
})
