import { describe, expect, it } from 'vitest'
import { knownBase } from '../../../src/base/known.ts'
import { checkEntrypoint } from '../../../src/build/check-entrypoint.ts'
import { planImage } from '../../../src/build/plan-image.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { failureOf } from '../../support/failure-of.ts'
import { project } from '../../support/projects.ts'

async function plan(image: string, reference = 'gcr.io/distroless/static-debian13:nonroot') {
  const options = await resolveOptions({ dir: await project({ 'xbuild.toml': `[image]\n${image}` }) }, {})
  const base = { reference, family: knownBase(reference).family, predicted: false, reason: '' }
  const executable = { name: 'app', package: '.' }
  const { spec } = planImage({ name: 'app', executable, image: options.image }, base, { epoch: 0 }, options)
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
