import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { type FakeTools, fakeTools, type Reply } from '../support/fake-tools.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { project } from '../support/projects.ts'

/** Several images through a docker that pushes nothing itself: what it would have pushed by digest is there already. */
const names = ['one', 'two', 'three']
const main = 'package main\n\nfunc main() {}\n'
let registry: FaultRegistry
let dir: string
let digests: Map<string, string>

beforeAll(async () => {
  registry = await startFaultRegistry()
  const programs = names.map(name => [`cmd/${name}/main.go`, main])
  dir = await project({ 'go.mod': 'module example.com/three\n\ngo 1.21\n', ...Object.fromEntries(programs) })
  const pushed = await build(['--backend=oci', '--push-by-digest', '--digest-file=digests'])
  expect(pushed.code, pushed.stderr).toBe(0)
  const lines = (await readFile(join(dir, 'digests'), 'utf8')).trim().split('\n')
  digests = new Map(lines.map(line => [/\/(\w+):1@/.exec(line)?.[1] ?? '', line.split('@')[1] ?? '']))
}, 60_000)
afterAll(() => registry.close())

const build = (args: string[], tools?: FakeTools) =>
  xbuild(
    [
      ...names.map(name => `--bin=${name}`),
      ...['--base=scratch', '--platform=linux/amd64,linux/arm64', '--progress=quiet'],
      `--tag=${registry.host}/team/{name}:1`,
      ...args,
    ],
    { cwd: dir, ...(tools && { env: { PATH: tools.path } }) },
  )

const docker = async (...first: Reply[]) =>
  fakeTools({
    docker: [
      { when: /^buildx version$/, stdout: 'github.com/docker/buildx v0.29.1 a32761a\n' },
      {
        when: /^buildx inspect/,
        stdout: await readFile(
          fileURLToPath(new URL('../fixtures/buildx/inspect-container-0.29.txt', import.meta.url)),
          'utf8',
        ),
      },
      ...first,
      ...names.map(name => ({
        when: new RegExp(`^buildx build .*name=\\S*/${name},push-by-digest=true`),
        files: { '--metadata-file': JSON.stringify({ 'containerimage.digest': digests.get(name) }) },
      })),
    ],
  })

const tagPuts = () =>
  registry.requests.flatMap(({ method, path }, index) =>
    method === 'PUT' && path.endsWith('/manifests/1') ? [index] : [],
  )

it('moves none where one image fails', async () => {
  const fails: Reply = {
    when: /\/three,push-by-digest/,
    stderr: 'ERROR: failed to solve: boom\n',
    exitCode: 1,
  }
  const { code, stderr } = await build(['--backend=buildx', '--push'], await docker(fails))
  expect(code).toBe(7)
  expect(stderr).toContain('boom')
  expect(tagPuts()).toEqual([])
}, 60_000)

it('moves the tags once every image was made and read back', async () => {
  const tools = await docker()
  const { code, stderr } = await build(['--backend=buildx', '--push'], tools)
  expect(code, stderr).toBe(0)
  for (const name of names)
    expect(registry.manifest(`team/${name}`, '1')).toEqual(
      registry.manifest(`team/${name}`, digests.get(name) ?? ''),
    )
  const lastRead = registry.requests.findLastIndex(
    ({ method, path }) => method === 'GET' && path.includes('/blobs/'),
  )
  expect(tagPuts()).toHaveLength(3)
  expect(Math.min(...tagPuts())).toBeGreaterThan(lastRead)
  const builds = (await tools.calls('docker')).filter(({ args }) => args[1] === 'build')
  expect(builds.flatMap(({ args }) => args)).not.toContain('--tag')

  const before = tagPuts().length
  expect(await build(['--backend=buildx', '--push'], tools)).toMatchObject({ code: 0 })
  expect(tagPuts()).toHaveLength(before)
}, 60_000)

it('leaves tags to buildx, and says so, where this machine cannot push and the builder may', async () => {
  const tools = await docker({
    when: /^buildx build .*--tag/,
    files: { '--metadata-file': JSON.stringify({ 'containerimage.digest': digests.get('one') }) },
  })
  const before = tagPuts().length
  registry.fault({ method: 'HEAD', path: /manifests/, times: 100, status: 400 })
  const { stderr } = await build(['--backend=buildx', '--push', '--progress=plain'], tools)
  expect(stderr).toMatch(/this machine cannot push to .*, so docker buildx moves the tags of each image/)
  const builds = (await tools.calls('docker')).filter(({ args }) => args[1] === 'build')
  expect(builds.length).toBeGreaterThan(0)
  for (const { args } of builds) expect(args).toContain('--tag')
  expect(tagPuts()).toHaveLength(before)
}, 60_000)
