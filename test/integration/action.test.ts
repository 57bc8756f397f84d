import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { bundleAction } from '../../scripts/action.mjs'
import { type ActionCaches, openCaches } from '../../src/ci/action/caches.ts'
import { runAction } from '../../src/ci/action/run-action.ts'
import { fakeCacheService, runStep } from '../support/fake-github.ts'
import { needsTool } from '../support/needs-tool.ts'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'

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
      'containerimage.config.digest': first.outputs['imageid'],
    })
    expect(first.outputs['imageid']).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(first.outputs['imageid']).not.toBe(first.outputs['digest'])
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
    const service = await fakeCacheService()
    service.fail('GetCacheEntryDownloadURL', 400, 1)
    service.fail('CreateCacheEntry', 403, 1)
    const refused = await runStep(program, inputs, { ...env, ...service.env }, dir)
    expect(refused.code, refused.log).toBe(0)
    expect(refused.summary).toMatch(/not saved: the cache service answered 403/)
    const none = await runStep(program, inputs, { ...env, ACTIONS_RUNTIME_TOKEN: undefined }, dir)
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
    expect(step.log.match(/^::error /gm), step.log).toHaveLength(1)
    expect(step.log).toContain('::error file=main.go,line=3,col=15::undefined: undefined')
    expect(step.summary).toContain('the build failed')
    expect(step.outputs['digest']).toBe('')
  })

  test('takes what labels, tags and branches say for text', async context => {
    needsTool(context, 'go')
    const { dir, env, inputs } = await setUp()
    const evil = 'x\n::add-path::/evil\n##[set-env name=A]B $(touch evil) `touch evil`\nEOF\ndigest=evil'
    const shared = {
      ...env,
      GOCACHE: process.env['GOCACHE'],
      HOME: process.env['HOME'],
      XDG_CACHE_HOME: undefined,
      GITHUB_REF_NAME: evil,
      GITHUB_HEAD_REF: evil,
      DOCKER_METADATA_OUTPUT_JSON: JSON.stringify({ labels: { evil }, annotations: [`index:evil=${evil}`] }),
    }
    const built = await runStep(program, inputs, shared, dir)
    expect(built.code, built.log).toBe(0)
    expect(built.outputs['digest']).toMatch(/^sha256:/)
    const refused = await runStep(program, { ...inputs, tags: `"${evil}"` }, shared, dir)
    expect(refused.code, refused.log).toBe(2)
    for (const { log, outputs, paths } of [built, refused]) {
      expect(log).not.toMatch(/^\s*::(?!error|warning|group|endgroup)|##\[/m)
      expect(
        Object.keys(outputs).filter(name => !/^(digest|imageid|metadata|refs|report)$/.test(name)),
      ).toEqual([])
      expect(paths).toHaveLength(1)
    }
    expect(existsSync(join(dir, 'evil'))).toBe(false)
  })

  test('builds the same bytes for a push, a tag and a pull request, whatever their names say', async context => {
    needsTool(context, 'go')
    const { dir, env, inputs } = await setUp()
    const evil = 'x"; touch evil; echo $(touch evil)`touch evil`\n::set-output name=digest::evil'
    const repository = { full_name: 'owner/app', default_branch: evil, description: evil }
    const events = {
      push: { ref: `refs/heads/${evil}`, repository, head_commit: { message: evil } },
      create: { ref: `refs/tags/${evil}`, ref_type: 'tag', repository },
      pull_request: {
        repository,
        pull_request: { title: evil, head: { ref: evil, repo: { full_name: `fork/${evil}` } } },
      },
    }
    const path = join(await temporaryFolder(), 'event.json')
    const digests = new Set<string | undefined>()
    for (const [name, event] of Object.entries(events)) {
      await writeFile(path, JSON.stringify(event))
      const step = await runStep(
        program,
        inputs,
        {
          ...env,
          GOCACHE: process.env['GOCACHE'],
          HOME: process.env['HOME'],
          XDG_CACHE_HOME: undefined,
          GITHUB_EVENT_NAME: name,
          GITHUB_EVENT_PATH: path,
          GITHUB_REF: 'ref' in event ? event.ref : 'refs/pull/1/merge',
          GITHUB_HEAD_REF: name === 'pull_request' ? evil : '',
        },
        dir,
      )
      expect(step.code, step.log).toBe(0)
      expect(step.log).not.toMatch(/^\s*::(?!error|warning|group|endgroup)/m)
      digests.add(step.outputs['digest'])
    }
    expect([...digests]).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/)])
    expect(existsSync(join(dir, 'evil'))).toBe(false)
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
    const xbuild = join(paths[0] as string, 'xbuild')
    expect(await readFile(xbuild, 'utf8')).toContain(program)
    // Without a word it builds the folder that it is called in, and is not the Action once more.
    const { status, stderr } = spawnSync(xbuild, { cwd: await temporaryFolder(), encoding: 'utf8' })
    expect([status, stderr]).toEqual([3, expect.stringContaining('xbuild: ')])
  })

  test('gives nothing of an earlier report where the build wrote none', async () => {
    const { dir, env } = await setUp()
    const images = [{ name: 'old', digest: `sha256:${'0'.repeat(64)}`, tags: [], platforms: [] }]
    await writeFile(join(dir, 'report.json'), JSON.stringify({ images }))
    const step = await runStep(program, { report: 'report.json', jobs: 'none' }, env, dir)
    expect(step.code, step.log).toBe(2)
    expect(step.outputs['digest']).toBe('')
  })
})

describe('measurements', () => {
  beforeEach(async () => {
    const home = await temporaryFolder()
    vi.stubEnv('GOCACHE', join(home, 'go-build'))
    vi.stubEnv('GOMODCACHE', join(home, 'mod'))
  })
  afterEach(() => void vi.unstubAllEnvs())

  const bench = (dir: string) => join(dir, '.xbuild', 'bench.json')
  const open = async (dir: string, env: NodeJS.ProcessEnv, lines: string[] = []): Promise<ActionCaches> =>
    openCaches(
      {
        env: { ...env, GITHUB_RUN_ID: '1' },
        signal: new AbortController().signal,
        print: line => void lines.push(line),
        xbuild: ['xbuild'],
      },
      dir,
      await temporaryFolder(),
    )

  test('are kept outside of what git sees', async context => {
    needsTool(context, 'go')
    const dir = await project({ ...helloGo, 'cmd/app/main.go': 'package main\n\nfunc main() {}\n' })
    commit(dir)
    const { env } = await fakeCacheService()
    // From the folder of a program, too, they are the project's.
    const first = await open(join(dir, 'cmd/app'), env)
    expect(first.keepsMeasurements).toBe(true)
    const since = Date.now()
    await first.restore()
    await writeFile(bench(dir), '{"measured":true}')
    await first.save(since)
    await rm(join(dir, '.xbuild'), { recursive: true })
    const second = await open(dir, env)
    await second.restore()
    expect(await readFile(bench(dir), 'utf8')).toBe('{"measured":true}')
    expect(execFileSync('git', ['status', '--porcelain'], { cwd: dir, encoding: 'utf8' })).toBe('')
  })

  test('are made once, and found by the next run on an empty machine', async context => {
    needsTool(context, 'go')
    const dir = await project(helloGo)
    const { env: service } = await fakeCacheService()
    const temporary = await temporaryFolder()
    // Measures as a build does that is asked to: where nothing was measured before.
    const fake = join(temporary, 'xbuild.mjs')
    await writeFile(
      fake,
      `import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
      const report = process.argv.find(word => word.startsWith('--report=')).slice('--report='.length)
      const found = existsSync('.xbuild/bench.json')
      if (process.env.XBUILD_BENCH === 'auto' && !found) {
        mkdirSync('.xbuild', { recursive: true })
        writeFileSync('.xbuild/bench.json', '{"measured":true}')
      }
      console.log(\`bench=\${process.env.XBUILD_BENCH} found=\${found}\`)
      writeFileSync(report, JSON.stringify({ artifacts: [{}], notes: [] }))`,
    )
    const run = async (number: string, env: Readonly<Record<string, string>>) => {
      const lines: string[] = []
      const paths = Object.fromEntries(
        await Promise.all(
          ['GITHUB_OUTPUT', 'GITHUB_PATH'].map(async name => {
            const path = join(await temporaryFolder(), name)
            await writeFile(path, '')
            return [name, path] as const
          }),
        ),
      )
      const code = await runAction({
        env: {
          ...process.env,
          ...service,
          ...paths,
          GITHUB_WORKSPACE: dir,
          GITHUB_RUN_ID: number,
          RUNNER_TEMP: temporary,
          INPUT_BENCH: 'auto',
          INPUT_SUMMARY: 'false',
          ...env,
        },
        signal: new AbortController().signal,
        print: line => void lines.push(line),
        xbuild: [process.execPath, fake],
      })
      expect(code, lines.join('\n')).toBe(0)
      await rm(join(dir, '.xbuild'), { recursive: true, force: true })
      return lines.find(line => line.startsWith('bench='))
    }
    expect(await run('1', { GITHUB_EVENT_NAME: 'pull_request' })).toBe('bench=never found=false')
    expect(await run('2', { GITHUB_EVENT_NAME: 'push' })).toBe('bench=auto found=false')
    expect(await run('3', { GITHUB_EVENT_NAME: 'push' })).toBe('bench=auto found=true')
  })

  test('and what the toolchain made are kept of each job of a matrix, and found by the same job', async context => {
    needsTool(context, 'go')
    const dir = await project(helloGo)
    const { env, entries } = await fakeCacheService()
    const jobs = [
      { INPUT_PLATFORMS: 'linux/amd64', INPUT_BIN: 'one' },
      { INPUT_PLATFORMS: 'linux/amd64', INPUT_BIN: 'two' },
      { INPUT_PLATFORMS: 'linux/arm64' },
    ]
    const compiled = join(process.env['GOCACHE'] as string, '00', `${'0'.repeat(64)}-a`)
    for (const job of jobs) {
      const caches = await open(dir, { ...env, ...job, GITHUB_JOB: 'build' })
      await caches.restore()
      await mkdir(join(compiled, '..'), { recursive: true })
      for (const file of [bench(dir), compiled]) await writeFile(file, JSON.stringify(job))
      await caches.save(0)
      for (const file of [bench(dir), compiled]) await rm(file)
    }
    expect(entries.size).toBe(6)
    for (const job of jobs) {
      await (await open(dir, { ...env, ...job, GITHUB_JOB: 'build' })).restore()
      for (const file of [bench(dir), compiled]) {
        expect(await readFile(file, 'utf8')).toBe(JSON.stringify(job))
        await rm(file)
      }
    }
  })

  test('of the repository stay as they are', async context => {
    needsTool(context, 'go')
    const dir = await project({ ...helloGo, '.xbuild/bench.json': '{"own":true}' })
    const { env, calls } = await fakeCacheService()
    const caches = await open(dir, env)
    expect(caches.keepsMeasurements).toBe(false)
    await caches.restore()
    expect(calls).toHaveLength(1)
    expect(await readFile(bench(dir), 'utf8')).toBe('{"own":true}')
  })

  test('are made by no step whose cache nobody keeps', async () => {
    const dir = await project(helloGo)
    expect((await open(dir, {})).keepsMeasurements).toBe(false)
    const { env } = await fakeCacheService()
    expect((await open(dir, { ...env, 'INPUT_TOOLCHAIN-CACHE': 'false' })).keepsMeasurements).toBe(false)
  })
})
