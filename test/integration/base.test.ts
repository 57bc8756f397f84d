import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { hangingGo } from '../support/hanging-go.ts'
import { helloGo, project } from '../support/projects.ts'
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
})
afterAll(() => registry.close())

const made = async (dir: string) =>
  (await readdir(join(dir, 'dist')).catch(() => [])).filter(name => /\.tar$|^linux_|^\.xbuild/.test(name))

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

  it('that cannot be looked up is remarked upon, for the builder may reach it', async () => {
    const args = ['--backend=oci', '--base=127.0.0.1:1/team/base:1', '--platform=linux/amd64']
    const result = await xbuild(args, { cwd: await project(helloGo) })
    expect(result).toMatchObject({ code: 8, stdout: '' })
    expect(result.stderr).toContain('warning: the base image could not be looked up')
    expect(result.stderr).toContain('✔ Compile linux/amd64')
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

test('[image] registry stands in for gcr.io/distroless', async () => {
  const files = { 'xbuild.toml': '[image]\nregistry = "mirror.example/distroless/"\n' }
  const { stdout } = await xbuild(['dockerfile', '--backend=oci'], {
    cwd: await project({ ...helloGo, ...files }),
  })
  expect(stdout).toContain('FROM mirror.example/distroless/static-debian13:nonroot\n')
})
