import { describe, expect, it } from 'vitest'
import { knownBase } from '../../../src/base/known.ts'
import { checkEntrypoint } from '../../../src/build/check-entrypoint.ts'
import { planImage } from '../../../src/build/plan-image.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import type { SourceInfo } from '../../../src/types.ts'
import { failureOf } from '../../support/failure-of.ts'
import { project } from '../../support/projects.ts'

async function plan(
  image: string,
  reference = 'gcr.io/distroless/static-debian13:nonroot',
  source: SourceInfo = { epoch: 0 },
) {
  const options = await resolveOptions({ dir: await project({ 'xbuild.toml': `[image]\n${image}` }) }, {})
  const base = { reference, family: knownBase(reference).family, predicted: false, reason: '' }
  const executable = { name: 'app', package: '.' }
  const { spec } = planImage({ name: 'app', executable, image: options.image }, base, source, options)
  checkEntrypoint(spec)
  return spec
}

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
