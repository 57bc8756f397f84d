import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it, test, vi } from 'vitest'
import type { PlanJson } from '../../src/build/plan-json.ts'
import { xbuild } from '../support/cli.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'
import { helloGo, project } from '../support/projects.ts'

/** The whole program against a docker that is not what it should be; Go is real. */
const fixture = (name: string) =>
  readFile(fileURLToPath(new URL(`../fixtures/buildx/${name}.txt`, import.meta.url)), 'utf8')
const version = (text: string): Reply => ({
  when: /^buildx version$/,
  stdout: `github.com/docker/buildx ${text}\n`,
})
const missing: Reply = { stderr: 'docker: unknown command: docker buildx\n', exitCode: 1 }
let answers: Reply
let silent: Reply
beforeAll(async () => {
  answers = { when: /^buildx inspect/, stdout: await fixture('inspect-containerd-0.29') }
  silent = { when: /^buildx inspect/, stdout: await fixture('inspect-gone-0.29') }
})

const flags = ['--base=scratch', '--platform=linux/amd64', '--tag=app:1']
const run = async (dir: string, args: readonly string[], replies: readonly Reply[]) => {
  const tools = await fakeTools({ docker: replies })
  return { result: await xbuild([...flags, ...args], { cwd: dir, env: { PATH: tools.path } }), tools }
}

describe('before anything is compiled', () => {
  test.each<[string, string[], () => Reply[], number, RegExp]>([
    ['no buildx', ['--load'], () => [missing], 4, /docker has no buildx[\s\S]*fix/],
    [
      'an old buildx',
      ['--backend=buildx'],
      () => [version('v0.12.1 30feaa1'), answers],
      4,
      /buildx 0\.12\.1 is too old[\s\S]*fix/,
    ],
    [
      'a daemon that is gone',
      ['--backend=buildx'],
      () => [version('v0.29.1 a32761a'), silent],
      7,
      /does not answer[\s\S]*fix/,
    ],
    [
      'a named builder that is gone',
      ['--builder=b'],
      () => [version('v0.29.1 a32761a'), silent],
      7,
      /does not answer/,
    ],
  ])('%s', async (_, args, replies, code, message) => {
    const dir = await project(helloGo)
    const { result } = await run(dir, args, replies())
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
    expect(await readdir(dir)).not.toContain('dist')
  })

  test.each<[string, () => Reply[], string]>([
    ['no buildx', () => [missing], 'docker has no buildx'],
    ['an old buildx', () => [version('v0.12.1 30feaa1'), answers], 'buildx 0.12.1 is too old'],
    ['a daemon that is gone', () => [version('v0.29.1 a32761a'), silent], 'does not answer'],
  ])('%s: xbuild makes the image itself, and says so', async (_, replies, reason) => {
    const dir = await project(helloGo)
    const { result } = await run(dir, [], replies())
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^app@sha256:[0-9a-f]{64}\n$/) })
    expect(result.stderr).toMatch(new RegExp(`warning: .*${reason}.*: xbuild makes the image itself`))
  })
})

describe('while the image is made', () => {
  const building = (reply: Reply): Reply[] => [
    version('v0.29.1 a32761a'),
    answers,
    { ...reply, when: /^buildx build/ },
  ]

  test.each<[string, Reply]>([
    ['docker is killed', { script: () => process.kill(process.pid, 'SIGKILL') as never }],
    [
      'the daemon goes away',
      {
        stderr:
          'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF\n',
        exitCode: 1,
      },
    ],
    ['docker ends well without metadata', {}],
  ])('%s: no image, and the one before stays', async (_, reply) => {
    const dir = await project(helloGo)
    expect((await run(dir, ['--backend=oci'], [])).result.code).toBe(0)
    const archive = join(dir, 'dist/hello.oci.tar')
    const before = await readFile(archive)
    const { result } = await run(dir, [], building(reply))
    expect(result).toMatchObject({ code: 7, stdout: '' })
    expect(result.stderr).not.toMatch(/\n\s+at /)
    expect((await readFile(archive)).equals(before)).toBe(true)
    expect((await readdir(join(dir, 'dist'))).filter(name => /^\.xbuild|tmp/.test(name))).toEqual([])
  })

  it('docker is called as plan prints it', async () => {
    const dir = await project(helloGo)
    const replies = building({ files: { '--metadata-file': '{}' } })
    const args = ['-o=type=local,dest=out', '--label=a=two\nlines', '--provenance=false']
    const plan = await run(dir, ['--dry-run', '--json', ...args], replies)
    const { images } = JSON.parse(plan.result.stdout) as PlanJson
    const { result, tools } = await run(dir, args, replies)
    expect(result).toMatchObject({ code: 0, stdout: 'hello\n' })
    const [call] = (await tools.calls('docker')).filter(({ args }) => args[1] === 'build')
    const [, work = '', content = ''] =
      /^(.*)\/images\/hello\/context-(\w+)$/.exec(call?.args.at(-1) ?? '') ?? []
    const bind = (text: string) => text.replaceAll('{work}', work).replaceAll('{content}', content)
    const { command } = images[0] as PlanJson['images'][number]
    expect(call).toMatchObject({
      args: command?.args.map(bind),
      cwd: command?.cwd,
      env: expect.objectContaining(command?.env),
    })
  })

  it('an interrupt ends docker and leaves nothing', async () => {
    const dir = await project(helloGo)
    const tools = await fakeTools({ docker: building({ hang: true }) })
    let pid = 0
    const running = xbuild(flags, {
      cwd: dir,
      env: { PATH: tools.path },
      onStart: started => (pid = started),
    })
    const built = async () => (await tools.calls('docker')).some(({ args }) => args[1] === 'build')
    await vi.waitUntil(built, { timeout: 60_000, interval: 100 })
    process.kill(pid, 'SIGINT')
    expect(await running).toMatchObject({ code: 130, stdout: '' })
    expect((await readdir(join(dir, 'dist'))).filter(name => /\.tar$|^\.xbuild/.test(name))).toEqual([])
  })
})
