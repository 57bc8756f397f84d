import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { VerifyReport } from '../../src/image/verify/report.ts'
import { type CliOptions, xbuild } from '../support/cli.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { type FaultRegistry, type RegistryOptions, startFaultRegistry } from '../support/fault-registry.ts'
import { buildImage, intoRegistry, layoutFiles, programFor, writeArchive } from '../support/test-image.ts'

const root = mkdtempSync(join(tmpdir(), 'verify-command-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const started: FaultRegistry[] = []
afterEach(async () => {
  for (const registry of started.splice(0)) await registry.close()
})

let counter = 0
const folder = () => {
  const path = join(root, String(++counter))
  mkdirSync(path)
  return path
}
const right = buildImage(['linux/amd64', 'linux/arm64'])
const wrong = buildImage([
  'linux/amd64',
  { platform: 'linux/arm64', layers: [[{ name: 'app', content: programFor('linux/amd64') }]] },
])

async function registryWith(options: RegistryOptions = {}) {
  const registry = await startFaultRegistry(options)
  started.push(registry)
  intoRegistry(registry, right, 'team/app', '1')
  return registry
}

/** Runs `xbuild verify` with temporary files and log-ins of its own. */
async function verify(args: readonly string[], options: CliOptions = {}) {
  const TMPDIR = folder()
  const result = await xbuild(['verify', ...args], {
    ...options,
    env: { TMPDIR, DOCKER_CONFIG: folder(), ...options.env },
  })
  expect(readdirSync(TMPDIR)).toEqual([])
  expect(result.stderr).not.toMatch(/\n\s+at /)
  return result
}

describe('xbuild verify', () => {
  it('shows a right image', async () => {
    const { host } = await registryWith()
    const archive = writeArchive(join(folder(), 'app.oci.tar'), layoutFiles(right))
    for (const place of [
      `${host}/team/app:1`,
      `${host}/team/app@${right.index.digest}`,
      archive,
      `oci:${archive}`,
    ]) {
      const { code, stdout, stderr } = await verify([place, '--platform', 'linux/arm64,linux/amd64'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/ok +linux\/arm64 +sha256:\w{12} +\/app +static/)
      expect(stdout).toContain(right.index.digest)
    }
  })

  it('shows a wrong one, and exits with 6', async () => {
    const archive = writeArchive(join(folder(), 'app.oci.tar'), layoutFiles(wrong))
    const { code, stdout, stderr } = await verify([archive])
    expect(code).toBe(6)
    expect(stdout).toMatch(/WRONG +linux\/arm64/)
    expect(stderr).toContain('linux/arm64: /app is not a linux/arm64 program: machine: expected 183')
  })

  it('gives JSON, one document whatever it found', async () => {
    const archive = writeArchive(join(folder(), 'app.oci.tar'), layoutFiles(wrong))
    const asked = ['--json', '--platform=linux/amd64']
    const found = await verify([archive, ...asked])
    expect(found.code).toBe(6)
    const report = JSON.parse(found.stdout) as VerifyReport & { error: object }
    expect(report).toMatchObject({
      ok: false,
      indexDigest: wrong.index.digest,
      problems: ['linux/arm64 was not asked for'],
      platforms: [{ platform: 'linux/amd64', ok: true, entrypoint: { elf: { machine: 62 } } }, { ok: false }],
      error: { kind: 'verification' },
    })
    const fine = await verify([writeArchive(join(folder(), 'right.tar'), layoutFiles(right)), '--json'])
    expect(JSON.parse(fine.stdout)).toMatchObject({ ok: true, attestations: 0 })
  })

  it.each([
    ['no image', [], /Not enough|image/],
    ['a reference that is none', ['Team/App'], /did you mean team\/app\?/],
    ['a tag with a newline', ['app:1\nx'], /each reference is a text of its own/],
    ['a file that is none', ['./none.tar'], /no such file/],
    ['a platform that is none', ['app', '--platform=linux/amd46'], /did you mean linux\/amd64\?/],
    ['an unknown flag', ['app', '--platfrom=linux/amd64'], /did you mean --platform\?/],
  ])('refuses %s with 2', async (_name, args, message) => {
    const { code, stdout, stderr } = await verify(args)
    expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('exits with 8 when the registry refuses, has no such image, or asks to wait too long', async () => {
    const registry = await registryWith()
    const place = `${registry.host}/team/app:1`
    const missing = await verify([`${registry.host}/team/other:1`])
    expect(missing).toMatchObject({ code: 8, stderr: expect.stringContaining('There is no such image') })
    registry.fault({ path: /manifests/, status: 403 })
    expect(await verify([place])).toMatchObject({ code: 8, stderr: expect.stringContaining('docker login') })
    registry.fault({ path: /manifests/, status: 429, headers: { 'retry-after': '600' } })
    expect(await verify([place])).toMatchObject({ code: 8, stderr: expect.stringContaining('600 s') })
  })

  it('tries again when the registry says when', async () => {
    const registry = await registryWith()
    registry.fault({ path: /manifests/, status: 429, headers: { 'retry-after': '1' } })
    expect((await verify([`${registry.host}/team/app:1`])).code).toBe(0)
  })

  it('ends at once when it is interrupted', async () => {
    const registry = await registryWith()
    let pid = 0
    // Once: a second interrupt would not wait for an orderly end.
    const interrupt = () => {
      if (pid !== 0) process.kill(pid, 'SIGINT')
      pid = 0
    }
    registry.fault({ path: /blobs/, times: 99, respond: interrupt })
    const result = await verify([`${registry.host}/team/app:1`], {
      onStart: started => {
        pid = started
      },
    })
    expect(result).toMatchObject({ code: 130, stdout: '' })
  })
})

describe('log-ins', () => {
  const secret = 'hunter2-secret'
  const auth = { type: 'token', user: 'me', password: secret } as const

  const loggedIn = (config: object) => {
    const path = folder()
    writeFileSync(join(path, 'config.json'), JSON.stringify(config))
    return path
  }

  it('are those of docker login', async () => {
    const registry = await registryWith({ auth })
    const place = `${registry.host}/team/app:1`
    const encoded = Buffer.from(`me:${secret}`).toString('base64')
    const fromFile = loggedIn({ auths: { [registry.host]: { auth: encoded } } })
    expect((await verify([place], { env: { DOCKER_CONFIG: fromFile } })).code).toBe(0)
    const tools = await fakeTools({
      'docker-credential-own': { stdout: JSON.stringify({ Username: 'me', Secret: secret }) },
    })
    const fromHelper = loggedIn({ credHelpers: { [registry.host]: 'own' } })
    const env = { DOCKER_CONFIG: fromHelper, PATH: tools.path }
    expect((await verify([place], { env })).code).toBe(0)
  })

  it('are asked for, and never shown', async () => {
    const registry = await registryWith({ auth })
    const place = `${registry.host}/team/app:1`
    const none = await verify([place])
    expect(none).toMatchObject({ code: 8, stderr: expect.stringContaining(`docker login ${registry.host}`) })
    const tools = await fakeTools({ 'docker-credential-own': { stdout: `{"Secret":"${secret}` } })
    const broken = loggedIn({ credsStore: 'own' })
    const junk = await verify([place, '--json'], { env: { DOCKER_CONFIG: broken, PATH: tools.path } })
    expect(junk).toMatchObject({ code: 8, stderr: expect.stringContaining('docker-credential-own') })
    const old = loggedIn({
      auths: { [registry.host]: { auth: Buffer.from(`me:old-${secret}`).toString('base64') } },
    })
    const refused = await verify([place, '--json'], { env: { DOCKER_CONFIG: old } })
    expect(refused.code).toBe(8)
    for (const { stdout, stderr } of [none, junk, refused]) expect(stdout + stderr).not.toContain(secret)
  })
})
