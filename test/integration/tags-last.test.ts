import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { PlanJson } from '../../src/build/plan-json.ts'
import { xbuild } from '../support/cli.ts'
import { type FakeTools, fakeTools, type Reply } from '../support/fake-tools.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { project, temporaryFolder } from '../support/projects.ts'

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

/** Of a test's own: what one has made, another would not make again. */
let cache: string
beforeEach(async () => {
  cache = await temporaryFolder()
})

const run = (args: string[], tools?: FakeTools) =>
  xbuild(
    [
      ...args,
      ...names.map(name => `--bin=${name}`),
      ...['--base=scratch', '--platform=linux/amd64,linux/arm64', `--tag=${registry.host}/team/{name}:1`],
    ],
    { cwd: dir, env: { XDG_CACHE_HOME: cache, ...(tools && { PATH: tools.path }) } },
  )
const build = (args: string[], tools?: FakeTools) => run(['--progress=quiet', ...args], tools)
const plan = async (args: string[], tools: FakeTools) =>
  JSON.parse((await run(['plan', '--json', ...args], tools)).stdout) as PlanJson

/** What buildx writes of a bake that has pushed each image by its digest. */
const baked = () =>
  JSON.stringify(
    Object.fromEntries(names.map(name => [name, { 'containerimage.digest': digests.get(name) }])),
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
      {
        when: /^buildx bake /,
        files: { '--metadata-file': baked() },
        // The run's folder is gone when the test could look at it.
        script: (call, { fs }) => fs.copyFileSync(call.option('--file'), 'baked.json'),
      },
      ...names.map(name => ({
        when: new RegExp(`^buildx build .*name=\\S*/${name},push-by-digest=true`),
        files: { '--metadata-file': JSON.stringify({ 'containerimage.digest': digests.get(name) }) },
      })),
    ],
  })

/** The calls of docker that make images. */
const makes = async (tools: FakeTools) =>
  (await tools.calls('docker')).filter(({ args }) => args[1] === 'bake' || args[1] === 'build')

const definition = async () => JSON.parse(await readFile(join(dir, 'baked.json'), 'utf8'))

const tagPuts = () =>
  registry.requests.flatMap(({ method, path }, index) =>
    method === 'PUT' && path.endsWith('/manifests/1') ? [index] : [],
  )

it('moves none where one image fails, and says which', async () => {
  const fails: Reply = {
    when: /^buildx bake/,
    stderr: 'ERROR: target three: failed to solve: boom\n',
    exitCode: 1,
  }
  const tools = await docker(fails)
  const { code, stderr } = await build(['--backend=buildx', '--push', '--progress=plain'], tools)
  expect(code).toBe(7)
  expect(stderr).toMatch(/where +image three\n +why +boom\n +full log: .*image-three\.log/)
  expect(stderr).toMatch(/✖ .*image three/)
  expect(stderr).toMatch(/- .*image one: stopped/)
  expect(tagPuts()).toEqual([])
  expect(await makes(tools)).toHaveLength(1)
}, 60_000)

it('makes all with one bake, and moves the tags once every image was made and read back', async () => {
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
  const [bake, ...others] = await makes(tools)
  expect(others).toEqual([])
  expect(bake?.env).toMatchObject({ BUILDX_BAKE_ENTITLEMENTS_FS: '0' })
  for (const target of Object.values((await definition()).target)) expect(target).not.toHaveProperty('tags')

  const before = tagPuts().length
  expect(await build(['--backend=buildx', '--push'], tools)).toMatchObject({ code: 0 })
  expect(tagPuts()).toHaveLength(before)
}, 60_000)

it('runs the bake that a plan prints', async () => {
  const tools = await docker()
  const flags = ['--backend=buildx', '--push']
  expect(await build(flags, tools)).toMatchObject({ code: 0 })
  const { bake, images } = await plan(flags, tools)
  const plain = (text: string) =>
    text.replace(/(context-)\w+/g, '$1{content}').replace(/[^"=]*(?=\/images\/)/g, '')
  expect(plain(JSON.stringify(JSON.parse(bake?.text ?? '')))).toBe(plain(JSON.stringify(await definition())))
  const [ran] = await makes(tools)
  expect(ran?.args.map(text => text.replace(/^.*(?=\/bake)/, '{work}'))).toEqual(bake?.command.args)
  expect(images.every(({ command }) => command === undefined)).toBe(true)
}, 60_000)

it('builds each by itself where one file takes what each gives', async () => {
  const tools = await docker()
  const flags = ['--backend=buildx', '--push', '--metadata-file=metadata.json']
  const { code, stderr } = await build(flags, tools)
  expect(code, stderr).toBe(0)
  expect((await makes(tools)).map(({ args }) => args[1])).toEqual(['build', 'build', 'build'])
  const { bake, images, notes } = await plan(flags, tools)
  expect(bake).toBeUndefined()
  expect(images.every(({ command }) => command?.args[1] === 'build')).toBe(true)
  expect(notes.join('\n')).toContain('a docker buildx build of its own: --metadata-file')
}, 60_000)

it('makes again only the images of which something has changed', async () => {
  const tools = await docker()
  const made = async () => {
    const before = (await makes(tools)).length
    const { code, stderr } = await build(['--backend=buildx', '--push'], tools)
    expect(code, stderr).toBe(0)
    return (await makes(tools))
      .slice(before)
      .map(({ args }) => args.filter(arg => arg.includes('/two'))[0] ?? args[1])
  }
  expect(await made()).toEqual(['bake'])
  expect(await made()).toEqual([])

  registry.fault({ method: 'HEAD', path: /manifests\/sha256/, times: 1, status: 404 })
  expect(await made()).toEqual([expect.stringMatching(/^build$|\/two/)])

  await writeFile(
    join(dir, 'xbuild.toml'),
    '[images.one]\n[images.two]\nlabels = { a = "b" }\n[images.three]\n',
  )
  expect(await made()).toEqual([expect.stringContaining('/two')])
  await rm(join(dir, 'xbuild.toml'))
}, 60_000)

it('makes the only image again where its tag is not what was made', async () => {
  const tools = await docker({
    when: /^buildx build .*--tag/,
    files: { '--metadata-file': JSON.stringify({ 'containerimage.digest': digests.get('one') }) },
  })
  const flags = ['--bin=one', '--base=scratch', '--platform=linux/amd64,linux/arm64', '--progress=quiet']
  const tag = `--tag=${registry.host}/team/one:1`
  const made = async () => {
    const before = (await makes(tools)).length
    const options = { cwd: dir, env: { XDG_CACHE_HOME: cache, PATH: tools.path } }
    const { code, stderr } = await xbuild([...flags, tag, '--backend=buildx', '--push'], options)
    expect(code, stderr).toBe(0)
    return (await makes(tools)).length - before
  }
  expect(await made()).toBe(1)
  expect(await made()).toBe(0)
  registry.fault({ method: 'GET', path: /one\/manifests\/1$/, times: 1, status: 404 })
  expect(await made()).toBe(1)
}, 60_000)

it('leaves tags to buildx, and says so, where this machine cannot push and the builder may', async () => {
  const tools = await docker()
  const before = tagPuts().length
  registry.fault({ method: 'HEAD', path: /manifests/, times: 100, status: 400 })
  const { stderr } = await build(['--backend=buildx', '--push', '--progress=plain'], tools)
  expect(stderr).toMatch(/this machine cannot push to .*, so docker buildx moves the tags of each image/)
  expect(await makes(tools)).toHaveLength(1)
  for (const [name, target] of Object.entries((await definition()).target))
    expect(target).toMatchObject({ tags: [`${registry.host}/team/${name}:1`] })
  expect(tagPuts()).toHaveLength(before)
}, 60_000)
