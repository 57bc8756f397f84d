import { describe, expect, it, test } from 'vitest'
import { knownBase } from '../../../src/base/known.ts'
import { checkEntrypoint } from '../../../src/build/check-entrypoint.ts'
import { planImage } from '../../../src/build/plan-image.ts'
import type { BuildFlags } from '../../../src/config/flags.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { localTag } from '../../../src/image/destination.ts'
import { parseReference } from '../../../src/oci/reference.ts'
import type { SourceInfo } from '../../../src/types.ts'
import { hostArch } from '../../../src/util/host-arch.ts'
import { failureOf } from '../../support/failure-of.ts'
import { project } from '../../support/projects.ts'

async function plan(
  image: string,
  reference = 'gcr.io/distroless/static-debian13:nonroot',
  source: SourceInfo = { epoch: 0 },
  flags: BuildFlags = {},
  names: string[] = ['app'],
) {
  const options = await resolveOptions(
    { dir: await project({ 'xbuild.toml': `[image]\n${image}` }), ...flags },
    {},
  )
  const base = { reference, family: knownBase(reference).family, predicted: false, reason: '' }
  const { spec } = planImage(
    { name: 'app', executables: names.map(name => ({ name, package: name })), image: options.image },
    base,
    source,
    options,
  )
  checkEntrypoint(spec)
  return spec
}

describe('--load', () => {
  const own = `linux/${hostArch()}`
  const both = ['linux/amd64', 'linux/arm64']
  test.each<[flags: BuildFlags, env: Record<string, string>, platforms: string[]]>([
    [{ load: true }, {}, [own]],
    [{}, {}, both],
    [{ load: true, push: true }, {}, both],
    [{ load: true, output: ['a.tar'] }, {}, both],
    [{ load: true, platform: ['linux/riscv64'] }, {}, ['linux/riscv64']],
    [{ load: true }, { XBUILD_PLATFORM: both.join() }, both],
  ])('%j with %j builds for %j', async (flags, env, expected) => {
    const { platforms } = await resolveOptions({ dir: await project({}), ...flags }, env)
    expect(platforms.map(({ id }) => id)).toEqual(expected)
  })

  it('takes this machine’s of the platforms that xbuild.toml has, and all of them where it is not there', async () => {
    const of = async (list: string[]) => {
      const dir = await project({ 'xbuild.toml': `platforms = ${JSON.stringify(list)}` })
      return (await resolveOptions({ dir, load: true }, {})).platforms.map(({ id }) => id)
    }
    expect(await of(['linux/s390x', own])).toEqual([own])
    expect(await of(['linux/s390x', 'linux/ppc64le'])).toEqual(['linux/s390x', 'linux/ppc64le'])
  })

  test.each([
    ['app', 'app:latest'],
    ['my_app-2.x', 'my_app-2.x:latest'],
    ['MyApp', 'myapp:latest'],
    ['_a..b_', 'a-b:latest'],
  ])('names the image %s %s', (name, tag) => {
    expect(localTag(name)).toBe(tag)
    expect(() => parseReference(tag)).not.toThrow()
  })

  it.each<[BuildFlags, string[]]>([
    [{ load: true }, ['app:latest']],
    [{ load: true, tag: ['x:1'] }, ['x:1']],
    [{}, []],
  ])('an image of %j has the tags %j', async (flags, tags) => {
    expect((await plan('', undefined, undefined, flags)).tags).toEqual(tags)
  })
})

describe('the program of an image', () => {
  it.each([
    ['', '/app', ['/app']],
    ['program = "/usr/bin/caddy"', '/usr/bin/caddy', ['/usr/bin/caddy']],
    ['program = "/usr/bin/caddy"\nentrypoint = ["caddy", "run"]', '/usr/bin/caddy', ['caddy', 'run']],
    ['workdir = "/srv"\nprogram = "/srv/app"\nentrypoint = ["./app"]', '/srv/app', ['./app']],
    ['env = { PATH = "/opt" }\nprogram = "/opt/app"\nentrypoint = ["app"]', '/opt/app', ['app']],
  ])('%j is at %s', async (image, target, entrypoint) => {
    const { files, config } = await plan(image)
    expect(files[0]?.target).toBe(target)
    expect(config.entrypoint).toEqual(entrypoint)
  })

  it.each([
    ['entrypoint = ["/usr/bin/caddy"]', 'program = "/usr/bin/caddy" in [image]'],
    ['entrypoint = ["caddy", "run"]', 'entrypoint = ["/app", …] in [image]'],
    ['env = { PATH = "/opt" }\nprogram = "/usr/bin/app"\nentrypoint = ["app"]', '"/usr/bin/app"'],
  ])('%j names a program that is not in the image', async (image, fix) => {
    expect(await failureOf(plan(image))).toMatchObject({
      kind: 'usage',
      what: expect.stringContaining('is not in the image'),
      fix: expect.stringContaining(fix),
    })
  })

  it.each(['app', '/', '/a/../b', '/a/', '/a//b'])('program = %j is refused', async path => {
    expect(await failureOf(plan(`program = ${JSON.stringify(path)}`))).toMatchObject({ kind: 'usage' })
  })

  it.each(['registry.example.com/own:1', 'gcr.io/distroless/static-debian13:debug-nonroot'])(
    'may be one that %s has',
    async base => {
      expect((await plan('entrypoint = ["/busybox/sh"]', base)).config.entrypoint).toEqual(['/busybox/sh'])
    },
  )
})

it.each([
  ['scratch', '', '65532:65532'],
  ['scratch', 'user = "0"', '0'],
  ['scratch', 'user = "1000:1000"', '1000:1000'],
  ['gcr.io/distroless/static-debian13:nonroot', '', undefined],
  ['gcr.io/distroless/static-debian13:nonroot', 'user = "7"', '7'],
])('the user of an image on %s with %j', async (base, image, expected) => {
  expect((await plan(image, base)).config.user).toBe(expected)
})

describe('several programs', () => {
  it.each([
    ['', ['/server', '/worker']],
    ['program = "/usr/bin/serve"', ['/usr/bin/serve', '/usr/bin/worker']],
    ['program = "/serve"', ['/serve', '/worker']],
  ])('with %j are at %j', async (image, targets) => {
    const { files, config } = await plan(image, undefined, undefined, {}, ['server', 'worker'])
    expect(files.map(({ target }) => target)).toEqual(targets)
    expect(config.entrypoint).toEqual([targets[0]])
  })
})

it('runs the program under an init', async () => {
  const { config } = await plan('init = "tini-{arch}"\nprogram = "/usr/bin/app"')
  expect(config.entrypoint).toEqual(['/usr/bin/init', '--', '/usr/bin/app'])
  expect(await failureOf(plan('init = "tini"\nentrypoint = ["/gone"]'))).toMatchObject({
    what: 'The entrypoint "/gone" is not in the image',
  })
})

describe('links', () => {
  const busybox = 'program = "/usr/bin/busybox"\n'

  it.each(['/usr/bin/busybox', 'busybox', '../bin/busybox'])('may lead to %s', async link => {
    const { files } = await plan(
      `${busybox}links = { "/usr/bin/ls" = "${link}" }\nentrypoint = ["/usr/bin/ls"]`,
    )
    expect(files[1]).toEqual({ target: '/usr/bin/ls', source: { link }, mode: 0o777 })
  })

  it.each([
    ['links = { "bin/ls" = "/app" }', 'cannot be a path in the image'],
    ['links = { "/bin/ls" = "/app" }', 'cannot be a path in the image'],
    ['links = { "/usr/bin/ls" = "" }', 'cannot be a path in the image'],
    ['links = { "/usr/bin/ls" = "../../../app" }', 'cannot be a path in the image'],
    ['links = { "/a" = "/b", "/b" = "/a" }\nentrypoint = ["/a"]', 'The entrypoint "/a" is not in the image'],
    ['links = { "/a" = "/usr/bin/gone" }\nentrypoint = ["/a"]', 'The entrypoint "/a" is not in the image'],
  ])('%s is refused', async (image, what) => {
    expect(await failureOf(plan(image))).toMatchObject({ kind: 'usage', what: expect.stringContaining(what) })
  })
})

describe('placeholders', () => {
  const source = {
    epoch: 1700000000,
    version: '1.2.3',
    revision: 'abcdef0123456789',
    branch: 'main',
    tag: 'v1.2.3',
  }
  const text = `tags = ["r.example/{name}:{version}", "r.example/{name}:{short-commit}"]
args = ["--version={version}", '{"json": {}}']
env = { BUILT = "{date}" }
annotations = ["index:org.example.ref={branch}"]
labels = { "org.example.commit" = "{commit}", "org.example.tag" = "{tag}" }`

  it('are filled in tags, args, env, annotations and labels', async () => {
    const { tags, config, annotations } = await plan(text, undefined, source)
    expect(tags).toEqual(['r.example/app:1.2.3', 'r.example/app:abcdef0'])
    expect(config.cmd).toEqual(['--version=1.2.3', '{"json": {}}'])
    expect(config.env).toEqual({ BUILT: '2023-11-14T22:13:20Z' })
    expect(annotations).toEqual(['index:org.example.ref=main'])
    expect(config.labels).toMatchObject({
      'org.example.commit': 'abcdef0123456789',
      'org.example.tag': 'v1.2.3',
    })
  })

  it.each([
    ['labels = { a = "{version}" }', '{version} in --label or [image] labels a has no value'],
    ['tags = ["r.example/{name}:{tag}"]', '{tag} in --tag or [image] tags has no value'],
    ['env = { A = "{env.XBUILD_NOT_SET}" }', '{env.XBUILD_NOT_SET} in [image] env A has no value'],
    ['args = ["{platform}"]', '{platform} in [image] args has no value'],
  ])('%s without a value is refused', async (image, what) => {
    expect(await failureOf(plan(image))).toMatchObject({ kind: 'usage', what })
  })
})
