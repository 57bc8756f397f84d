import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withKnownUser } from '../../../src/build/users.ts'
import { imageOptions } from '../../../src/config/image-options.ts'
import type { ImagePlan } from '../../../src/image/image-plan.ts'
import type { BaseFamily, ImageFile } from '../../../src/types.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryFolder } from '../../support/projects.ts'

function image(user: string, family: BaseFamily, files: readonly ImageFile[] = []): ImagePlan {
  return {
    executables: [{ name: 'app', package: '.' }],
    image: imageOptions({}, '/', {}),
    destinations: [],
    spec: {
      name: 'app',
      platforms: [],
      base: { reference: 'b', family, predicted: false, reason: '' },
      config: { entrypoint: [], cmd: [], env: {}, ports: [], labels: {}, user },
      files,
      annotations: [],
      epoch: 0,
      tags: [],
    },
  }
}

const userOf = async (...args: Parameters<typeof image>) =>
  (await withKnownUser(image(...args))).spec.config.user

test('a name becomes a number where the base’s users are known, and stays where they are not', async () => {
  expect(await userOf('nonroot', 'static')).toBe('65532:65532')
  expect(await userOf('nobody', 'builtin')).toBe('65534:65534')
  expect(await userOf('1000', 'scratch')).toBe('1000')
  expect(await userOf('app', 'other')).toBe('app')
})

test('the image’s own /etc/passwd comes before the base’s', async () => {
  const dir = await temporaryFolder()
  await writeFile(join(dir, 'passwd'), 'app:x:1001:1002::/:/none\n')
  const files = [{ target: '/etc/passwd', source: { path: join(dir, 'passwd') }, mode: 0o644 }]
  expect(await userOf('app', 'scratch', files)).toBe('1001:1002')
  expect((await failureOf(userOf('nonroot', 'static', files))).what).toContain('no user "nonroot"')
})

test.each<[string, BaseFamily, string]>([
  ['app', 'static', 'no user "app"'],
  ['nonroot', 'scratch', 'no user "nonroot"'],
  ['nonroot:app', 'cc', 'no group "app"'],
])('user %s on %s is refused', async (user, family, what) => {
  const failure = await failureOf(userOf(user, family))
  expect(failure).toMatchObject({ kind: 'usage', fix: expect.stringContaining('--user 65532:65532') })
  expect(failure.what).toContain(what)
})

test('owners of files become numbers too, and are refused where nobody has the name', async () => {
  const owned = (owner: string, family: BaseFamily) => {
    const plan = image('0', family, [{ target: '/a', source: { path: '/a' }, mode: 0o644, owner }])
    return { ...plan, spec: { ...plan.spec, folders: [{ path: '/d', owner }, { path: '/e' }] } }
  }
  const { spec } = await withKnownUser(owned('nonroot', 'static'))
  expect(spec.files[0]?.owner).toBe('65532:65532')
  expect(spec.folders).toEqual([{ path: '/d', owner: '65532:65532' }, { path: '/e' }])
  expect(await failureOf(withKnownUser(owned('app', 'static')))).toMatchObject({
    where: 'owner in [image] files of xbuild.toml',
    fix: 'owner = "65532:65532"',
  })
})
