import { describe, expect, test } from 'vitest'
import { programLayer } from '../../../../src/image/layers.ts'
import { parseAnnotations } from '../../../../src/image/writer/annotations.ts'
import { imageConfig, type RawConfig } from '../../../../src/image/writer/config.ts'
import { parsePlatform } from '../../../../src/platforms.ts'
import type { ImageConfig, ImageSpec } from '../../../../src/types.ts'

const none: ImageConfig = { entrypoint: [], cmd: [], env: {}, ports: [], labels: {} }

function specOf(config: Partial<ImageConfig>): ImageSpec {
  return {
    name: 'app',
    platforms: [],
    base: { reference: 'scratch', family: 'scratch', predicted: false, reason: '' },
    config: { ...none, ...config },
    files: [{ target: '/app', source: { artifact: 'app' }, mode: 0o555 }],
    annotations: [],
    epoch: 1700000000,
    tags: [],
  }
}

const arm = parsePlatform('linux/arm/v7')

/** The runtime part of the config that `set` makes of `base`. */
function _(base: NonNullable<RawConfig['config']>, set: Partial<ImageConfig>) {
  return imageConfig({ config: base }, specOf(set), arm, ['sha256:a'], ['/app']).config
}

describe('imageConfig inherits as a Dockerfile does', () => {
  test('a variable is replaced where it stands and others follow', () =>
    expect(_({ Env: ['A=1', 'B=x=y'] }, { env: { B: '2', C: '3' } })).toEqual({ Env: ['A=1', 'B=2', 'C=3'] }))
  test('a value may hold "=" and an empty base list is written as null', () =>
    expect(_({ Env: null }, { env: { A: 'x=y' } })).toEqual({ Env: ['A=x=y'] }))
  test('an entrypoint drops the arguments of the base', () =>
    expect(_({ Entrypoint: ['/old'], Cmd: ['serve'] }, { entrypoint: ['/app'] })).toEqual({
      Env: [],
      Entrypoint: ['/app'],
    }))
  test('an entrypoint keeps arguments of its own', () =>
    expect(_({ Cmd: ['serve'] }, { entrypoint: ['/app'], cmd: ['-v'] })).toEqual({
      Env: [],
      Entrypoint: ['/app'],
      Cmd: ['-v'],
    }))
  test('arguments alone keep the entrypoint of the base', () =>
    expect(_({ Entrypoint: ['/old'], Cmd: ['serve'] }, { cmd: ['-v'] })).toEqual({
      Env: [],
      Entrypoint: ['/old'],
      Cmd: ['-v'],
    }))
  test('labels and ports are merged and sorted; a port without protocol is TCP', () =>
    expect(
      _(
        { Labels: { b: '1', c: '1' }, ExposedPorts: { '80/tcp': {} } },
        { labels: { c: '2', a: '3' }, ports: ['8080', '53/udp'] },
      ),
    ).toEqual({
      Env: [],
      Labels: { a: '3', b: '1', c: '2' },
      ExposedPorts: { '53/udp': {}, '80/tcp': {}, '8080/tcp': {} },
    }))
  test('user and workdir of the base stay unless they are set', () => {
    expect(_({ User: '65532', WorkingDir: '/home' }, {})).toEqual({
      User: '65532',
      WorkingDir: '/home',
      Env: [],
    })
    expect(_({ User: '65532', WorkingDir: '/home' }, { user: '0', workdir: '/' })).toEqual({
      User: '0',
      WorkingDir: '/',
      Env: [],
    })
  })
  test('volumes are merged, a stop signal and a health check replaced', () => {
    const base = { Volumes: { '/b': {} }, StopSignal: 'SIGTERM', Healthcheck: { Test: ['CMD', '/old'] } }
    const healthcheck = { test: ['/app', 'health'], interval: 30e9, timeout: 5e9, retries: 3 }
    expect(_(base, { volumes: ['/a'], stopSignal: 'SIGINT', healthcheck })).toEqual({
      Env: [],
      Volumes: { '/a': {}, '/b': {} },
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD', '/app', 'health'], Interval: 30e9, Timeout: 5e9, Retries: 3 },
    })
    expect(_(base, { healthcheck: { test: [] } })).toMatchObject({ Healthcheck: { Test: ['NONE'] } })
  })
  test('what xbuild does not know stays, ONBUILD does not', () =>
    expect(_({ StopSignal: 'SIGINT', Healthcheck: { Test: [] }, OnBuild: ['RUN x'] }, {})).toEqual({
      StopSignal: 'SIGINT',
      Healthcheck: { Test: [] },
      Env: [],
    }))
})

describe('imageConfig', () => {
  const history = [{ created_by: 'one' }, { created_by: 'two', empty_layer: true }]
  const of = (base: RawConfig, diffIds: string[]) => imageConfig(base, specOf({}), arm, diffIds, ['/app'])

  test('names the platform, the time and every layer', () =>
    expect(of({ architecture: 'amd64', os: 'linux', author: 'them' }, ['sha256:a'])).toEqual({
      architecture: 'arm',
      os: 'linux',
      variant: 'v7',
      author: 'them',
      created: '2023-11-14T22:13:20Z',
      config: { Env: [] },
      rootfs: { type: 'layers', diff_ids: ['sha256:a'] },
      history: [{ created: '2023-11-14T22:13:20Z', created_by: 'xbuild: /app' }],
    }))
  test('does not keep a variant that the platform has not', () =>
    expect(
      imageConfig({ variant: 'v8' }, specOf({}), parsePlatform('linux/arm64'), [], []),
    ).not.toHaveProperty('variant'))
  test('appends to a history that fits the layers', () =>
    expect(of({ history }, ['sha256:a', 'sha256:b']).history).toHaveLength(3))
  test('replaces one that does not', () =>
    expect(of({ history }, ['sha256:a', 'sha256:b', 'sha256:c']).history).toMatchObject([
      { created_by: 'base image' },
      { created_by: 'base image' },
      { created_by: 'xbuild: /app' },
    ]))
})

describe('programLayer', () => {
  const layer = (...targets: string[]) => {
    const files = targets.map(target => ({ target, mode: 0o555, source: { artifact: 'x' } }))
    return programLayer({ ...specOf({}), files }, arm, () => ({ path: '/x' }))
  }
  const names = (...targets: string[]) => layer(...targets).map(({ name }) => name)

  test('folders come first and are walked in byte order, name by name', () =>
    expect(names('/usr/local/bin/app', '/usr/local/bin-x', '/usr/b', '/etc/ä', '/etc/z', '/usr/B')).toEqual([
      'etc/',
      'etc/z',
      'etc/ä',
      'usr/',
      'usr/B',
      'usr/b',
      'usr/local/',
      'usr/local/bin/',
      'usr/local/bin/app',
      'usr/local/bin-x',
    ]))
  test('modes, owner and time are fixed', () =>
    expect(layer('/tmp/b')).toEqual([
      { name: 'tmp/', type: 'directory', mode: 0o1777, uid: 0, gid: 0, mtime: 0 },
      { name: 'tmp/b', type: 'file', mode: 0o555, uid: 0, gid: 0, mtime: 0, content: { path: '/x' } },
    ]))
})

describe('parseAnnotations', () => {
  const at = (text: string, ...place: Parameters<ReturnType<typeof parseAnnotations>>) =>
    parseAnnotations([text])(...place)
  const amd64 = parsePlatform('linux/amd64')

  test('without a target it is the manifest', () => {
    expect(at('k=v', 'manifest', arm)).toEqual({ k: 'v' })
    expect(at('k=v', 'index')).toEqual({})
  })
  test('with several', () => {
    expect(at('index,manifest:k=a:b=c', 'manifest', arm)).toEqual({ k: 'a:b=c' })
    expect(at('index,manifest:k=a:b=c', 'index')).toEqual({ k: 'a:b=c' })
  })
  test('of one platform', () => {
    expect(at('manifest-descriptor[linux/arm/v7]:k=', 'manifest-descriptor', arm)).toEqual({ k: '' })
    expect(at('manifest-descriptor[linux/arm/v7]:k=', 'manifest-descriptor', amd64)).toEqual({})
  })
  test.each(['k', '=v', 'idnex:k=v', 'index:=v', 'index[:k=v', 'manifest[plan9/x]:k=v'])('refuses %j', text =>
    expect(() => parseAnnotations([text])).toThrow(expect.objectContaining({ kind: 'usage' })),
  )
  test('suggests', () =>
    expect(() => parseAnnotations(['idnex:k=v'])).toThrow(
      expect.objectContaining({ what: expect.stringContaining('did you mean index?') }),
    ))
})
