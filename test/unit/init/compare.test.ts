import { describe, expect, test } from 'vitest'
import { compareImages } from '../../../src/init/prove/compare.ts'
import type { ImageEntry, WholeImage } from '../../../src/init/prove/read-image.ts'

const file = (sha256: string, more: Partial<ImageEntry> = {}): ImageEntry => ({
  type: 'file',
  mode: 0o644,
  size: 1,
  link: '',
  sha256,
  ...more,
})
const image = (
  config: object,
  files: Record<string, ImageEntry> = {},
  more: Partial<WholeImage> = {},
): WholeImage => ({
  config: config as WholeImage['config'],
  files: new Map(Object.entries(files)),
  size: 10,
  ...more,
})
const elf = (go: object, interpreter?: string) =>
  ({ go: { settings: {}, ...go }, ...(interpreter && { interpreter }) }) as never

describe('configs', () => {
  test.each([
    [{ User: '' }, {}, []],
    [{ Env: ['B=1', 'A=2'] }, { Env: ['A=2', 'B=1'] }, [['Env', true]]],
    [{ Cmd: ['b', 'a'] }, { Cmd: ['a', 'b'] }, [['Cmd', false]]],
    [
      { ExposedPorts: { '80/tcp': {} } },
      { ExposedPorts: { '80/tcp': {} }, Volumes: null },
      [['ExposedPorts', true]],
    ],
    [{ Labels: { a: '1' } }, { Labels: {} }, [['Labels', false]]],
    [{ Healthcheck: { Test: ['NONE'] } }, { Healthcheck: { Test: ['NONE'] } }, [['Healthcheck', true]]],
  ])('%j and %j', (a, b, fields) =>
    expect(compareImages(image(a), image(b)).config.map(({ name, same }) => [name, same])).toEqual(fields),
  )
})

test('files', () => {
  const a = {
    same: file('1'),
    changed: file('1'),
    mode: file('1'),
    theirs: file('1'),
    folder: file('', { type: 'directory' }),
  }
  const b = { same: file('1'), changed: file('2'), mode: file('1', { mode: 0o755 }), ours: file('1') }
  expect(compareImages(image({}, a), image({}, b)).files).toEqual({
    same: 1,
    different: ['/changed'],
    modes: ['/mode'],
    onlyDockerfile: ['/theirs'],
    onlyXbuild: ['/ours'],
  })
})

test('programs, with what their compilers say where they differ', () => {
  const program = (sha256: string, facts: never) => ({
    program: { path: '/app', entry: file(sha256), elf: facts },
  })
  const a = image(
    {},
    {},
    program('1', elf({ version: 'go1.25', settings: { CGO_ENABLED: '1' } }, '/lib/ld.so')),
  )
  const b = image({}, {}, program('2', elf({ version: 'go1.26', settings: { '-trimpath': 'true' } })))
  expect(compareImages(a, b).program).toMatchObject({
    same: false,
    reasons: [
      'go: go1.25 there, go1.26 here',
      'CGO_ENABLED: 1 there, none here',
      '-trimpath: none there, true here',
      'linkage: dynamic, /lib/ld.so there, static here',
    ],
  })
  expect(compareImages(a, a).program).toMatchObject({ same: true, reasons: [] })
  expect(compareImages(image({}), image({})).program).toEqual({ same: false, reasons: [] })
})
