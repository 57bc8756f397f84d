import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { parseValues } from '../support/fake-github.ts'
import { needsTool } from '../support/needs-tool.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'

const sum = 'example.com/used v1.0.0 h1:x=\nexample.com/used v1.0.0/go.mod h1:y=\n'
let dir = ''
let cache = ''
let env: Record<string, string | undefined> = {}
beforeAll(async () => {
  dir = await project({ ...helloGo, 'go.sum': sum })
  cache = await temporaryFolder()
  env = {
    GOCACHE: join(cache, 'build'),
    GOMODCACHE: join(cache, 'mod'),
    GOTOOLCHAIN: 'local',
    GOFLAGS: undefined,
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '2',
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
    GITHUB_WORKSPACE: dir,
  }
})

const keyWith = async (more: Record<string, string | undefined> = {}, flags: string[] = []) => {
  const { code, stdout, stderr } = await xbuild(['ci', 'cache-key', dir, ...flags], {
    env: { ...env, ...more },
  })
  expect(code, stderr).toBe(0)
  return stdout.trim()
}
/** Without the run. */
const stem = (key: string) => key.replace(/-7-2$/, '')

describe('xbuild ci cache-key', () => {
  test('follows what changes the compile, and nothing else', async context => {
    needsTool(context, 'go')
    const key = await keyWith()
    expect(key).toMatch(/^xbuild-go-Linux-X64-go1\.[\w.]+-[0-9a-f]{8}-[0-9a-f]{16}-7-2$/)
    expect(stem(await keyWith({ EDITOR: 'vi', GOPRIVATE: 'example.com' }))).toBe(stem(key))
    expect(stem(await keyWith({ GOFLAGS: '-tags=netgo' }))).not.toBe(stem(key))
    expect(stem(await keyWith({}, ['--platform=linux/arm64']))).not.toBe(stem(key))
    await writeFile(join(dir, 'go.sum'), `${sum}\n`)
    const changed = await keyWith()
    await writeFile(join(dir, 'go.sum'), sum)
    expect(stem(changed)).not.toBe(stem(key))
    const [locked, machine] = (await keyWith({}, ['--restore-keys'])).split('\n')
    expect(key.startsWith(locked as string)).toBe(true)
    expect(changed.startsWith(locked as string)).toBe(false)
    expect(changed.startsWith(machine as string)).toBe(true)
  })

  test('is its own for the programs of a job, which takes what its last run left before what others did', async context => {
    needsTool(context, 'go')
    const key = await keyWith()
    const one = await keyWith({}, ['--bin=a', '--bin=b'])
    expect(await keyWith({}, ['--bin=b', '--bin=a'])).toBe(one)
    expect(new Set([key, one, await keyWith({}, ['--bin=b'])]).size).toBe(3)
    const found = (await keyWith({}, ['--bin=a', '--bin=b', '--restore-keys'])).split('\n')
    expect(found.map(beginning => [one, key].map(of => of.startsWith(beginning)))).toEqual([
      [true, false],
      [true, false],
      [true, true],
    ])
  })

  test('has no secret in it, wherever it is set', async context => {
    needsTool(context, 'go')
    const config = join(dir, 'xbuild.toml')
    const keys: string[] = []
    for (const [secret, tags] of [
      ['one', 'a'],
      ['two', 'a'],
      ['two', 'b'],
    ]) {
      await writeFile(config, `[go]\ntags = ["${tags}"]\nenv = { API_TOKEN = "${secret}" }\n`)
      keys.push(await keyWith({ GOFLAGS: `-ldflags=-X=main.apiToken=${secret}` }))
    }
    await rm(config)
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[0])
  })

  test('--github sets outputs of the step', async context => {
    needsTool(context, 'go')
    const output = join(await temporaryFolder(), 'output')
    await writeFile(output, 'earlier=1\n')
    expect(await keyWith({ GITHUB_OUTPUT: output }, ['--github'])).toBe('')
    const values = parseValues(await readFile(output, 'utf8'))
    expect(values['earlier']).toBe('1')
    expect(values['key']).toMatch(/-7-2$/)
    expect(values['paths']).toBe(`${join(cache, 'build')}\n${join(cache, 'mod/cache/download')}`)
    expect(values['restore-keys']?.split('\n')).toHaveLength(2)
  })

  test('--github outside of a step is a mistake', async context => {
    needsTool(context, 'go')
    const result = await xbuild(['ci', 'cache-key', dir, '--github'], {
      env: { ...env, GITHUB_OUTPUT: undefined },
    })
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('GITHUB_OUTPUT is not set')])
  })
})

describe('xbuild ci cache-paths --prune', () => {
  test('keeps what the build used', async context => {
    needsTool(context, 'go')
    const old = new Date(Date.now() - 5 * 3600_000)
    const files = {
      [`build/00/${'0'.repeat(64)}-a`]: false,
      [`build/00/${'1'.repeat(64)}-d`]: true,
      'build/README': true,
      'mod/cache/download/example.com/used/@v/v1.0.0.zip': true,
      'mod/cache/download/example.com/used/@v/v0.9.0.zip': false,
      'mod/cache/download/sumdb/sum.golang.org/latest': true,
    }
    for (const [file, isUsed] of Object.entries(files)) {
      const path = join(cache, file)
      await mkdir(join(path, '..'), { recursive: true })
      await writeFile(path, 'x')
      if (!isUsed) await utimes(path, old, old)
    }
    const report = join(await temporaryFolder(), 'report.json')
    await writeFile(
      report,
      JSON.stringify({ schemaVersion: 1, xbuild: '0', startedAt: new Date().toISOString() }),
    )
    const args = ['ci', 'cache-paths', dir, '--bin=app', '--prune', '--report', report]
    const { code, stderr } = await xbuild(args, { env: { ...env, CI: 'true' } })
    expect(code, stderr).toBe(0)
    const entries = await readdir(cache, { recursive: true, withFileTypes: true })
    const left = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    const kept = Object.entries(files).flatMap(([file, isUsed]) => (isUsed ? [join(cache, file)] : []))
    expect(left.sort()).toEqual(kept.sort())
  })

  test('without a report removes nothing', async context => {
    needsTool(context, 'go')
    const { code, stderr } = await xbuild(['ci', 'cache-paths', dir, '--prune'], {
      env: { ...env, CI: 'true' },
    })
    expect([code, stderr]).toEqual([2, expect.stringContaining('--prune needs the report of a build')])
  })
})

test.each([undefined, '', 'false'])(
  'xbuild ci cache-paths --prune removes nothing where CI is %j',
  async CI => {
    const path = join(cache, 'build/00', `${'2'.repeat(64)}-a`)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, 'x')
    await utimes(path, 1, 1)
    const report = join(await temporaryFolder(), 'report.json')
    await writeFile(
      report,
      JSON.stringify({ schemaVersion: 1, xbuild: '0', startedAt: new Date().toISOString() }),
    )
    const args = ['ci', 'cache-paths', dir, '--prune', '--report', report]
    const { code, stderr } = await xbuild(args, { env: { ...env, CI } })
    expect([code, stderr]).toEqual([2, expect.stringContaining('caches of other projects')])
    expect(await readFile(path, 'utf8')).toBe('x')
  },
)

describe('xbuild ci summary', () => {
  test('adds to the summary of the step', async () => {
    const folder = await temporaryFolder()
    const [report, summary] = [join(folder, 'r.json'), join(folder, 'summary.md')]
    await writeFile(report, JSON.stringify({ schemaVersion: 1, xbuild: '0', error: { what: 'It failed' } }))
    const result = await xbuild(['ci', 'summary', '--github', '--report', report], {
      env: { GITHUB_STEP_SUMMARY: summary },
    })
    expect(result.code, result.stderr).toBe(0)
    expect(await readFile(summary, 'utf8')).toContain('### xbuild: the build failed')
  })

  test.each([
    [[], 'There is no report'],
    [['--report', 'missing.json'], 'The report cannot be read'],
    [['--report', 'package.json'], 'it is no report of xbuild build'],
    [['--report', 'r', '--prune'], '--prune is a flag of xbuild ci cache-paths'],
  ])('%j is a mistake', async (flags, words) => {
    const { code, stderr } = await xbuild(['ci', 'summary', ...flags])
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
  })
})
