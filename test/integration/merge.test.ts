import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { project } from '../support/projects.ts'

const main = 'package main\n\nfunc main() {}\n'
const several = {
  'go.mod': 'module example.com/several\n\ngo 1.21\n',
  'cmd/one/main.go': main,
  'cmd/two/main.go': main,
}
const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7']
const bins = ['--bin=one', '--bin=two']
const annotations = [
  '--annotation=index:org.opencontainers.image.vendor=me',
  '--annotation=manifest-descriptor[linux/arm64]:note=fast',
]
let registry: FaultRegistry
let dir: string
const build = (...args: string[]) =>
  xbuild(['--backend=oci', '--base=builtin', '--progress=quiet', ...bins, ...annotations, ...args], {
    cwd: dir,
  })
const merge = (...args: string[]) => xbuild(['merge', ...args], { cwd: dir })
const tagsOf = (name: string) =>
  `--tag=${registry.host}/${name}/{name}:1,${registry.host}/${name}/{name}:latest`
const stored = (name: string, tag: string) => registry.manifest(name, tag)?.bytes.toString()
const file = (platform: string) => `${platform.replaceAll('/', '-')}.txt`

// One job for each platform, as a pipeline has them; the last one first.
beforeAll(async () => {
  registry = await startFaultRegistry()
  dir = await project(several)
  for (const platform of platforms.toReversed()) {
    const { code, stderr } = await build(
      `--platform=${platform}`,
      '--push-by-digest',
      tagsOf('jobs'),
      `--digest-file=digests/${file(platform)}`,
    )
    expect(code, stderr).toBe(0)
  }
}, 120_000)
afterAll(() => registry.close())

const digests = async (bin: string) => {
  const texts = await Promise.all(platforms.map(one => readFile(join(dir, 'digests', file(one)), 'utf8')))
  return texts.map(text => new RegExp(`/${bin}:1@(sha256:.*)`).exec(text)?.[1] ?? '')
}

describe('a push by digest', () => {
  it('moves no tag, and writes down what it pushed under every tag that it is for', async () => {
    expect(stored('jobs/one', '1')).toBeUndefined()
    const lines = (await readFile(join(dir, 'digests', file('linux/arm64')), 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(4)
    for (const line of lines) {
      const [, name = '', digest = ''] = /^127[^/]*\/(.*):(?:1|latest)@(sha256:\w{64})$/.exec(line) ?? []
      expect(stored(name, digest)).toContain('manifests')
    }
  })

  it.each([
    [['--push', '--push-by-digest', '--tag=x:1'], '--push and --push-by-digest cannot be used together'],
    [['--push-by-digest'], '--push-by-digest needs a tag'],
    [['--digest-file=x.txt'], '--digest-file needs a push'],
  ])('%s is refused', async (args, text) => {
    const { code, stderr } = await build(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(text)
  })
})

describe('xbuild merge', () => {
  it('gives the very bytes that one job gives, of every image, under every tag', async () => {
    const one = await build(`--platform=${platforms.join(',')}`, '--push', tagsOf('whole'))
    expect(one.code, one.stderr).toBe(0)
    const { code, stdout, stderr } = await merge('digests', `--platform=${platforms.join(',')}`, '--json')
    expect(code, stderr).toBe(0)
    for (const bin of ['one', 'two'])
      for (const tag of ['1', 'latest'])
        expect(stored(`jobs/${bin}`, tag)).toBe(stored(`whole/${bin}`, tag) ?? 'nothing')
    expect(stored('jobs/one', '1')).toContain('"note":"fast"')
    const { images } = JSON.parse(stdout)
    expect(images.map(({ tags }: { tags: string[] }) => tags.length)).toEqual([2, 2])
    expect(images[0].platforms.map(({ platform }: { platform: string }) => platform)).toEqual(platforms)
  })

  it('takes digests, references, and another repository, with annotations of its own', async () => {
    const [first = '', second = ''] = await digests('one')
    const parts = [`${registry.host}/jobs/one@${second}`, `${registry.host}/jobs/one@${first}`]
    const tag = `--tag=${registry.host}/other/app:2`
    const elsewhere = await merge(...parts, tag, '--annotation=a=b', '--progress=quiet')
    expect(elsewhere.code, elsewhere.stderr).toBe(0)
    const index = JSON.parse(stored('other/app', '2') ?? '{}')
    expect(index.annotations).toMatchObject({ a: 'b', 'org.opencontainers.image.vendor': 'me' })
    expect(elsewhere.stdout).toMatch(new RegExp(`^${registry.host}/other/app@sha256:\\w{64}\\n$`))
    const bare = await merge(first, second, `--tag=${registry.host}/jobs/one:3`, '--dry-run')
    expect(bare.code, bare.stderr).toBe(0)
    expect(JSON.parse(bare.stdout).manifests).toHaveLength(2)
    expect(stored('jobs/one', '3')).toBeUndefined()
  })

  it('reads files that are named after a digest, as docker has them in its workflows', async () => {
    const [digest = ''] = await digests('one')
    await mkdir(join(dir, 'empty'), { recursive: true })
    await writeFile(join(dir, 'empty', digest.replace('sha256:', '')), '')
    const { stdout } = await merge('empty', `--tag=${registry.host}/jobs/one:4`, '--dry-run')
    expect(JSON.parse(stdout).manifests).toHaveLength(1)
  })

  it.each<[string, (one: string[]) => string[], number, string]>([
    [
      'a platform twice',
      ([a, , two]) => [a ?? '', `${registry.host}/jobs/two@${two}`],
      6,
      'linux/amd64 is there twice',
    ],
    [
      'a platform that is missing',
      ([a]) => [a ?? '', '--platform=linux/amd64,linux/arm64'],
      6,
      'linux/arm64 is missing',
    ],
    [
      'a platform that was not asked for',
      ([a, b]) => [a ?? '', b ?? '', '--platform=linux/amd64'],
      6,
      'linux/arm64 was not asked for',
    ],
    ['a digest that is not there', () => [`sha256:${'0'.repeat(64)}`], 8, 'There is no such image'],
    ['a file that is not there', () => ['digests/none'], 2, 'there is no such file'],
    ['a builder that nothing uses', ([a]) => [a ?? '', '--builder=x'], 2, '--builder has no effect'],
    ['a tag with a digest', ([a]) => [a ?? '', `--tag=x:1@${a}`], 2, 'has a digest'],
    [
      'an annotation of a manifest',
      ([a]) => [a ?? '', '--annotation=manifest:a=b'],
      2,
      'cannot be set by a merge',
    ],
  ])('refuses %s, and moves no tag', async (_, words, expected, text) => {
    const tag = `--tag=${registry.host}/jobs/one:5`
    const { code, stderr } = await merge(
      ...words([...(await digests('one')).slice(0, 2), ...(await digests('two'))]),
      tag,
    )
    expect(stderr).toContain(text)
    expect(code).toBe(expected)
    expect(stored('jobs/one', '5')).toBeUndefined()
  })

  it('moves no tag where the merged image is wrong', async () => {
    const [first = '', second = ''] = await digests('two')
    registry.fault({
      method: 'GET',
      path: /\/jobs\/two\/blobs\//,
      times: 99,
      change: body => Buffer.from(body).reverse(),
    })
    const { code, stderr } = await merge(first, second, `--tag=${registry.host}/jobs/two:6`)
    expect(code, stderr).toBe(6)
    expect(stored('jobs/two', '6')).toBeUndefined()
  })

  it('by buildx looks for the tags in every repository', async () => {
    const [first = ''] = await digests('one')
    const tag = `--tag=${registry.host}/jobs/one:7`
    expect((await merge(first, tag)).code).toBe(0)
    const { path } = await fakeTools({ docker: { stdout: '' } })
    const { code, stderr } = await xbuild(
      ['merge', first, tag, `--tag=${registry.host}/nowhere/one:7`, '--backend=buildx'],
      { cwd: dir, env: { PATH: path } },
    )
    expect([code, stderr]).toEqual([7, expect.stringContaining('/nowhere/one has no such tag afterwards')])
  })

  it('needs a tag where nothing names one', async () => {
    const [first = ''] = await digests('one')
    for (const word of [first, `${registry.host}/jobs/one@${first}`]) {
      const { code, stderr } = await merge(word)
      expect([code, stderr]).toEqual([2, expect.stringContaining('xbuild merge needs a tag')])
    }
  })
})
