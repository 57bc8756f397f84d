import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { helloGo, project } from '../support/projects.ts'
import { buildImage, intoRegistry } from '../support/test-image.ts'

let registry: FaultRegistry
const first = buildImage(['linux/amd64', 'linux/arm64'])
const second = buildImage(['linux/arm64', 'linux/amd64'])
const digests = [first, second].map(({ index }) => index.digest) as [string, string]
beforeAll(async () => {
  registry = await startFaultRegistry()
})
afterAll(() => registry.close())

/** A project whose base comes from the registry's mirror of distroless, where the tag means the first image. */
async function onMirror(files: Record<string, string> = {}) {
  for (const family of ['static', 'base-nossl', 'base', 'cc'])
    intoRegistry(registry, first, `d/${family}-debian13`, 'nonroot')
  const toml = `[image]\nregistry = "${registry.host}/d"\nuser = "1:1"\n`
  const cwd = await project({ ...helloGo, 'xbuild.toml': toml, ...files })
  const run = (...args: string[]) => xbuild(args, { cwd })
  const build = (...args: string[]) => run('--backend=oci', '--platform=linux/amd64', '--json', ...args)
  return { cwd, run, build, lock: () => readFile(join(cwd, 'xbuild.lock'), 'utf8') }
}
const base = () => `${registry.host}/d/static-debian13:nonroot`
const builtOn = ({ stdout }: { stdout: string }) => JSON.parse(stdout).images[0].base.digest

describe('xbuild.lock', () => {
  it('is written by update, says on what is built when the tag has moved, and follows it at the next update', async () => {
    const { run, build, lock } = await onMirror()
    const [old, now] = digests
    expect(old).not.toBe(now)
    expect(await run('update')).toMatchObject({ code: 0, stdout: `${base()} is new, ${old}\n` })
    expect(await lock()).toContain(`[bases]\n"${base()}" = "${old}"\n`)
    intoRegistry(registry, second, 'd/static-debian13', 'nonroot')
    expect(builtOn(await build('--locked'))).toBe(old)
    const { stdout } = await run('dockerfile', '--backend=oci')
    expect(stdout).toContain(`FROM ${base()}@${old}\n`)
    expect((await run('update')).stdout).toMatch(new RegExp(`was ${old}\\n.*is +${now}\\n`))
    expect(builtOn(await build())).toBe(now)
    expect((await run('update')).stdout).toBe(`${base()} is unchanged, ${now}\n`)
  })

  it('that is missing or stale is refused under --locked before a compile, and else said', async () => {
    const { cwd, run, build } = await onMirror()
    const missing = await build('--locked')
    expect(missing).toMatchObject({ code: 2 })
    expect(missing.stderr).toMatch(/There is no xbuild\.lock[\s\S]*fix +xbuild update/)
    expect((await build()).stderr).not.toContain('xbuild.lock')
    await run('update')
    await writeFile(
      join(cwd, 'xbuild.toml'),
      `[image]\nbase = "${registry.host}/d/cc-debian13:nonroot"\nuser = "1:1"\n`,
    )
    const stale = await build('--locked')
    expect(stale).toMatchObject({ code: 2 })
    expect(stale.stderr).toContain(
      `xbuild.lock does not have the base ${registry.host}/d/cc-debian13:nonroot`,
    )
    expect(stale.stderr).not.toContain('Compile')
    const free = await build()
    expect(free).toMatchObject({ code: 0 })
    expect(free.stderr).toContain('xbuild update adds it')
    expect((await run('update')).stdout).toMatch(
      /cc-debian13:nonroot is new[\s\S]*static-debian13:nonroot is needed no more/,
    )
  })

  it('holds for the base that a compile turns out to need', async () => {
    const { run, build } = await onMirror()
    await run('update')
    const pie = ['--', '-buildmode=pie']
    const refused = await build('--locked', ...pie)
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toMatch(
      /does not have the base .*base-nossl-debian13:nonroot[\s\S]*\[image\] base = "/,
    )
    const free = await build(...pie)
    expect(free).toMatchObject({ code: 0 })
    expect(free.stderr).toContain('base-nossl-debian13:nonroot, so it is built on as it is today')
  })

  it.each([
    ['bases = 1', /Invalid key: Expected "version"/],
    ['version = 1\n[bases]\n"a:1" = "sha256:1"', /a digest, sha256/],
    ['version = ', /Expected|expected/],
  ])('%j is refused, and update writes it anew', async (text, why) => {
    const { build, run, lock } = await onMirror({ 'xbuild.lock': text })
    const { code, stderr } = await build()
    expect(code).toBe(2)
    expect(stderr).toContain('xbuild.lock cannot be read')
    expect(stderr).toMatch(why)
    expect(await run('update')).toMatchObject({ code: 0 })
    expect(await lock()).toContain('[bases]')
  })

  it('leaves alone what has no tag to follow', async () => {
    const { run, build, lock } = await onMirror()
    expect((await run('update', '--base=scratch')).stdout).toContain('nothing to lock')
    await expect(lock()).rejects.toThrow()
    expect(await build('--locked', '--base=scratch')).toMatchObject({ code: 0 })
    expect(await build('--locked', `--base=${base()}@${digests[0]}`)).toMatchObject({ code: 0 })
  })
})
