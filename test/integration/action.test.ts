import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { bundleAction } from '../../scripts/action.mjs'
import { fakeCacheService, runStep } from '../support/fake-github.ts'
import { needsTool } from '../support/needs-tool.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'

let program = ''
beforeAll(async () => {
  program = join(await temporaryFolder(), 'index.mjs')
  await writeFile(program, await bundleAction())
})

/** A Go program in a folder, and an environment in which nothing of this machine's caches is seen. */
async function setUp() {
  const dir = await project({ ...helloGo, 'xbuild.toml': '[image]\nbase = "builtin"\n' })
  const home = await temporaryFolder()
  const env = {
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    GOCACHE: join(home, 'go-build'),
    GOMODCACHE: join(home, 'mod'),
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-mod=mod',
    DOCKER_METADATA_OUTPUT_JSON: undefined,
  }
  const inputs = { platforms: 'linux/amd64', backend: 'oci', outputs: 'app.oci.tar', bench: 'never' }
  return { dir, env, inputs }
}

// Go compiles its standard library in some.
describe('the Action', { timeout: 300_000 }, () => {
  test('builds, keeps what Go compiled, and the next run on an empty machine compiles nothing', async context => {
    needsTool(context, 'go')
    const { dir, env, inputs } = await setUp()
    const service = await fakeCacheService()
    const first = await runStep(program, inputs, { ...env, ...service.env }, dir)
    expect(first.log).toContain('Nothing to restore')
    expect(first.code, first.log).toBe(0)
    expect(first.outputs['digest']).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(JSON.parse(first.outputs['metadata'] as string)).toMatchObject({
      'containerimage.digest': first.outputs['digest'],
    })
    expect(JSON.parse(await readFile(first.outputs['report'] as string, 'utf8')).images).toHaveLength(1)
    expect(first.summary).toContain('<code>linux/amd64</code>')
    const [[key]] = [...service.entries] as [[string, unknown]]
    expect(key).toMatch(/^xbuild-go-Linux-X64-go1\.[\w.]+-[0-9a-f]{8}-[0-9a-f]{16}-1-1$/)

    await rm(env.GOCACHE, { recursive: true })
    await rm(join(dir, 'dist'), { recursive: true })
    const again = await runStep(program, inputs, { ...env, ...service.env, GITHUB_RUN_ID: '2' }, dir)
    expect(again.code, again.log).toBe(0)
    expect(again.outputs['digest']).toBe(first.outputs['digest'])
    expect(again.log).toContain(`Restored ${key}`)
    expect(again.log).toContain('kept as it is')
    expect(again.summary).toContain('1 of 1 binary had nothing to compile')
    expect(service.entries.size).toBe(1)
  })

  test('builds without a cache where the service fails or is not there, and says so', async context => {
    needsTool(context, 'go')
    const { dir, env, inputs } = await setUp()
    const shared = {
      ...env,
      GOCACHE: process.env['GOCACHE'],
      HOME: process.env['HOME'],
      XDG_CACHE_HOME: undefined,
    }
    const service = await fakeCacheService()
    service.fail('GetCacheEntryDownloadURL', 400, 1)
    service.fail('CreateCacheEntry', 403, 1)
    const refused = await runStep(program, inputs, { ...shared, ...service.env }, dir)
    expect(refused.code, refused.log).toBe(0)
    expect(refused.summary).toMatch(/not saved: the cache service answered 403/)
    const none = await runStep(program, inputs, { ...shared, ACTIONS_RUNTIME_TOKEN: undefined }, dir)
    expect(none.code, none.log).toBe(0)
    expect(none.log).toContain('not used: this step has no ACTIONS_RUNTIME_TOKEN')
  })

  test('ends as the build does, with an annotation and a summary of what failed', async context => {
    needsTool(context, 'go')
    const { dir, env, inputs } = await setUp()
    await writeFile(join(dir, 'main.go'), 'package main\n\nfunc main() { undefined() }\n')
    const step = await runStep(
      program,
      inputs,
      { ...env, GOCACHE: process.env['GOCACHE'], HOME: process.env['HOME'], XDG_CACHE_HOME: undefined },
      dir,
    )
    expect(step.code, step.log).toBe(5)
    expect(step.log).toContain('::error file=main.go,line=3,col=15::undefined: undefined')
    expect(step.summary).toContain('the build failed')
    expect(step.outputs['digest']).toBe('')
  })

  test('refuses by name, at once, the inputs that would make another image', async () => {
    const { dir, env } = await setUp()
    const step = await runStep(program, { file: 'Dockerfile', 'build-args': 'A=1', target: 'x' }, env, dir)
    expect(step.code).toBe(2)
    expect(step.log).toContain('cannot honour the inputs build-args, file, target')
  })

  test('puts xbuild on PATH for the steps that follow', async () => {
    const { dir, env } = await setUp()
    const { paths, code, log } = await runStep(program, { 'install-only': 'true' }, env, dir)
    expect(code, log).toBe(0)
    expect(await readFile(join(paths[0] as string, 'xbuild'), 'utf8')).toContain(program)
  })
})
