import { expect, test } from 'vitest'
import { aroundLayer, filesLayer, programLayer } from '../../../src/image/layers.ts'
import { ownedFolders } from '../../../src/image/owned-folders.ts'
import { parsePlatform } from '../../../src/platforms.ts'
import type { ImageConfig, ImageSpec } from '../../../src/types.ts'

const distroless = 'gcr.io/distroless/static-debian13:nonroot'

function spec(config: Partial<ImageConfig>, more: Partial<ImageSpec> = {}): ImageSpec {
  return {
    name: 'app',
    platforms: [],
    base: { reference: distroless, family: 'static', predicted: false, reason: '' },
    config: { entrypoint: [], cmd: [], env: {}, ports: [], labels: {}, ...config },
    files: [],
    annotations: [],
    epoch: 0,
    tags: [],
    ...more,
  }
}

const base = (reference: string, family: ImageSpec['base']['family']) => ({
  base: { reference, family, predicted: false, reason: '' },
})
const data = { path: '/data', mode: 0o750 }

test.each<[string, ImageSpec, (readonly [string, number, number, number])[]]>([
  ['none', spec({}), []],
  ['a working directory, for nonroot', spec({ workdir: '/work' }), [['/work', 65532, 65532, 0o755]]],
  ['none where the base has the working directory', spec({ workdir: '/home/nonroot' }), []],
  [
    'a working directory, for the user',
    spec({ workdir: '/work', user: '1000' }),
    [['/work', 1000, 1000, 0o755]],
  ],
  ['none for root, who writes everywhere', spec({ workdir: '/work', user: '0:0' }), []],
  ['none for a user that only the base knows', spec({ workdir: '/w', user: 'app' }), []],
  ['none on a base that xbuild does not know', spec({ workdir: '/w' }, base('own:nonroot', 'other')), []],
  [
    'a volume that everybody may write to, which stays so',
    spec({ volumes: ['/tmp', '/root'], user: '1:2' }),
    [
      ['/root', 1, 2, 0o755],
      ['/tmp', 0, 0, 0o1777],
    ],
  ],
  [
    'volumes',
    spec({ volumes: ['/b', '/a'], user: '1:2' }),
    [
      ['/a', 1, 2, 0o755],
      ['/b', 1, 2, 0o755],
    ],
  ],
  [
    'for nonroot on builtin',
    spec({ volumes: ['/a'] }, base('builtin', 'builtin')),
    [['/a', 65532, 65532, 0o755]],
  ],
  [
    'a folder, for the user',
    spec({ user: '1000:10' }, { ownedFolders: [data] }),
    [['/data', 1000, 10, 0o750]],
  ],
  [
    'a folder with an owner, a volume too',
    spec({ volumes: ['/data'] }, { ownedFolders: [{ ...data, owner: { uid: 7, gid: 8 } }] }),
    [['/data', 7, 8, 0o750]],
  ],
])('%s', (_, image, expected) => {
  expect(ownedFolders(image).map(({ path, uid, gid, mode }) => [path, uid, gid, mode])).toEqual(expected)
})

const owners = (entries: readonly { name: string; uid: number; mode: number }[]) =>
  entries.map(({ name, uid, mode }) => [name, uid, mode])

test('parents are root’s, but for the home of nonroot and the modes that bases have', async () => {
  const paths = ['/var/lib/app', '/home/nonroot/.cache', '/tmp/x']
  const image = spec({}, { ownedFolders: paths.map(path => ({ path, mode: 0o700 })) })
  expect(owners(await filesLayer(image, '/'))).toEqual([
    ['home/', 0, 0o755],
    ['home/nonroot/', 65532, 0o700],
    ['home/nonroot/.cache/', 65532, 0o700],
    ['tmp/', 0, 0o1777],
    ['tmp/x/', 65532, 0o700],
    ['var/', 0, 0o755],
    ['var/lib/', 0, 0o755],
    ['var/lib/app/', 65532, 0o700],
  ])
})

test('folders around a program stay whose they are', async () => {
  const files = [{ target: '/srv/app/bin/app', source: { artifact: 'app' }, mode: 0o755 }]
  const image = spec({ workdir: '/srv/app' }, { files })
  expect(owners(await filesLayer(image, '/'))).toEqual([
    ['srv/', 0, 0o755],
    ['srv/app/', 65532, 0o755],
  ])
  const program = programLayer(image, parsePlatform('linux/arm64'), () => ({ path: '/x' }))
  expect(owners(program)).toEqual([
    ['srv/', 0, 0o755],
    ['srv/app/', 0, 0o755],
    ['srv/app/bin/', 0, 0o755],
    ['srv/app/bin/app', 0, 0o755],
  ])
  expect(owners(aroundLayer(image))).toEqual([
    ['srv/', 0, 0o755],
    ['srv/app/', 65532, 0o755],
  ])
  expect(aroundLayer(spec({ workdir: '/work' }, { files }))).toEqual([])
})
