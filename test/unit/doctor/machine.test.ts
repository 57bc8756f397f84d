import { truncate } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { actions } from '../../../src/doctor/checks/actions.ts'
import { configuration } from '../../../src/doctor/checks/configuration.ts'
import { cache, disk } from '../../../src/doctor/checks/disk.ts'
import { node } from '../../../src/doctor/checks/node.ts'
import { type FileSystem, thisMachine } from '../../../src/doctor/machine.ts'
import { Failure } from '../../../src/errors.ts'
import { project } from '../../support/projects.ts'
import { around, type Changes } from './around.ts'

describe('configuration', () => {
  it('is right, is not there, or is wrong', async () => {
    const files = { 'xbuild.toml': 'platforms = ["linux/arm64"]\n' }
    expect(await configuration.run(await around({ files }))).toMatchObject({
      status: 'ok',
      why: 'xbuild.toml is right',
    })
    expect(await configuration.run(await around())).toMatchObject({
      status: 'ok',
      why: 'no xbuild.toml: the defaults apply',
    })
    const options = new Failure({
      kind: 'usage',
      what: 'xbuild.toml has a mistake',
      why: 'platfroms: unknown key',
      fix: 'fix it',
    })
    expect(await configuration.run(await around({ options }))).toMatchObject({
      status: 'problem',
      why: 'xbuild.toml has a mistake: platfroms: unknown key',
      fix: 'fix it',
    })
  })
})

describe('disk', () => {
  const roomy: FileSystem = { folder: '/data', free: 50e9, takesFiles: true, writable: true }
  const look = async (changes: Partial<FileSystem>, at = /./) =>
    disk.run(
      await around({
        env: { HOME: '/home/me', TMPDIR: '/tmp' },
        machine: { fileSystem: async folder => ({ ...roomy, ...(at.test(folder) && changes) }) },
      }),
    )

  it.each<[string, Partial<FileSystem>, string, RegExp, RegExp]>([
    ['enough', {}, 'ok', /^50\.0 GB free for dist, xbuild’s cache, temporary files$/, /^$/],
    ['little', { free: 1e9 }, 'warning', /^dist \(.*\/dist\): 1\.0 GB free$/, /xbuild cache --prune/],
    ['nothing', { free: 0 }, 'problem', /0 B free/, /xbuild cache --prune/],
    ['no inodes', { takesFiles: false }, 'problem', /no inode is free/, /^df -i \/data$/],
    ['no right to write', { writable: false }, 'problem', /may not write to \/data/, /^ls -ld \/data$/],
  ])('%s', async (_, changes, status, why, fix) => {
    const found = await look(changes)
    expect(found).toMatchObject({ status, why: expect.stringMatching(why) })
    expect((found.fix ?? '').split('\n')[0]).toMatch(fix)
  })

  it('looks at the cache and at temporary files, too', async () => {
    expect(await look({ free: 0 }, /^\/tmp$/)).toMatchObject({
      status: 'problem',
      why: 'temporary files (/tmp): 0 B free',
    })
    expect(await look({ writable: false }, /\.cache/)).toMatchObject({ status: 'warning' })
    expect(await look({ free: 0 }, /\.cache/)).toMatchObject({
      why: 'xbuild’s cache (/home/me/.cache/xbuild): 0 B free',
    })
  })

  it('asks the nearest folder that is there', async () => {
    const found = await thisMachine.fileSystem('/proc/nowhere/at/all')
    expect(found).toMatchObject({ folder: '/proc', free: 0 })
    expect(await thisMachine.fileSystem('/dev/null/nowhere')).toMatchObject({
      folder: '/dev/null',
      writable: false,
    })
    const here = await thisMachine.fileSystem(await project({}))
    expect(here.writable && here.takesFiles && here.free > 0).toBe(true)
  })
})

it('outputs go to no folder that is somebody else’s', async () => {
  const files = { 'dist/index.html': '<html>' }
  await expect(disk.run(await around({ files, env: { HOME: '/home/me' } }))).rejects.toThrow(/dist/)
})

it('the cache of xbuild cannot be read', async () => {
  const found = await cache.run(await around({ env: { XDG_CACHE_HOME: '/dev/null' } }))
  expect(found).toMatchObject({
    status: 'warning',
    why: '/dev/null/xbuild cannot be read: builds go on without it',
  })
})

it('the cache of xbuild has a size', async () => {
  const XDG_CACHE_HOME = await project({ 'xbuild/blobs/a': '12345' })
  expect(await cache.run(await around({ env: { XDG_CACHE_HOME } }))).toMatchObject({
    status: 'ok',
    why: `${XDG_CACHE_HOME}/xbuild: 5 B`,
  })
  expect(await cache.run(await around({ env: { XDG_CACHE_HOME: '/nowhere' } }))).toMatchObject({
    why: '/nowhere/xbuild: empty',
  })
})

it('a cache of xbuild that is large is worth a word', async () => {
  const XDG_CACHE_HOME = await project({ 'xbuild/blobs/a': '' })
  // It takes no room.
  await truncate(`${XDG_CACHE_HOME}/xbuild/blobs/a`, 11e9)
  expect(await cache.run(await around({ env: { XDG_CACHE_HOME } }))).toMatchObject({
    status: 'warning',
    why: expect.stringMatching(/11\.0 GB$/),
    fix: 'xbuild cache --prune',
  })
})

describe('Node.js', () => {
  it.each([
    ['20.19.0', '2026-11-01', 'warning'],
    ['20.19.0', '2026-01-01', 'ok'],
    ['24.1.0', '2026-11-01', 'ok'],
    ['23.0.0', '2026-11-01', 'warning'],
    ['30.0.0', '2026-11-01', 'ok'],
  ])('%s on %s: %s', async (nodeVersion, day, status) => {
    const machine = { nodeVersion, now: () => Date.parse(day) }
    expect(await node.run(await around({ machine }))).toMatchObject({ status })
  })
})

describe('GitHub Actions', () => {
  const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
  const later = Date.now() / 1000 + 3600
  const scopes = (...permissions: number[]) =>
    JSON.stringify(permissions.map((Permission, at) => ({ Scope: `refs/heads/${at}`, Permission })))
  const service = { ACTIONS_RESULTS_URL: 'https://results/', ACTIONS_CACHE_SERVICE_V2: 'True' }
  const right = { ...service, ACTIONS_RUNTIME_TOKEN: token({ ac: scopes(3, 1), exp: later }) }
  const gha = { cacheTo: ['type=gha,mode=max'] }
  const look = async (env: NodeJS.ProcessEnv, flags: Changes['flags'] = gha) =>
    actions.run(await around({ env: { GITHUB_ACTIONS: 'true', ...env }, flags }))

  it('can write to its cache', async () => {
    expect(await look(right)).toEqual({
      status: 'ok',
      why: 'the cache service is there',
      details: ['writes: refs/heads/0', 'only reads: refs/heads/1'],
    })
  })

  it('knows what --cache and [cache] type stand for', async () => {
    expect((await look({}, { cache: 'gha' })).status).toBe('problem')
    expect((await look({}, { cache: 'local' })).status).toBe('ok')
  })

  it.each<[string, NodeJS.ProcessEnv, string, RegExp]>([
    ['no token', {}, 'problem', /no token of the cache service, so buildx drops type=gha/],
    ['version 1', { ...right, ACTIONS_CACHE_SERVICE_V2: undefined }, 'problem', /ended in April 2025/],
    [
      'no address',
      { ...right, ACTIONS_RESULTS_URL: undefined, ACTIONS_CACHE_URL: 'https://x/' },
      'problem',
      /ended in April 2025/,
    ],
    [
      'a fork',
      { ...right, ACTIONS_RUNTIME_TOKEN: token({ ac: scopes(1), exp: later }) },
      'warning',
      /may read the cache and not write/,
    ],
    [
      'expired',
      { ...right, ACTIONS_RUNTIME_TOKEN: token({ ac: scopes(3), exp: 1 }) },
      'problem',
      /expired at 1970/,
    ],
    [
      'no token that says anything',
      { ...right, ACTIONS_RUNTIME_TOKEN: 'opaque' },
      'warning',
      /is not a token that says/,
    ],
  ])('%s', async (_, env, status, why) => {
    expect(await look(env)).toMatchObject({ status, why: expect.stringMatching(why) })
  })

  it('is asked nothing where nothing uses it, or elsewhere', async () => {
    expect(await look({}, {})).toMatchObject({
      status: 'ok',
      why: expect.stringMatching(/nothing here uses type=gha/),
    })
    expect(await look({ ...right, ACTIONS_CACHE_SERVICE_V2: '' }, {})).toMatchObject({ status: 'warning' })
    expect(await look({ GITHUB_ACTIONS: undefined })).toMatchObject({ status: 'not applicable' })
  })
})
