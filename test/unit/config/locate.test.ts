import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { locating, ofImage } from '../../../src/config/locate.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { Failure } from '../../../src/errors.ts'
import { failureOf } from '../../support/failure-of.ts'
import { project } from '../../support/projects.ts'

let dir = ''
beforeAll(async () => {
  dir = await project({ 'go.mod': 'module example.com/app\n\ngo 1.22\n', 'main.go': 'package main\n' })
})
afterAll(() => rm(dir, { recursive: true }))

const write = (text: string) => writeFile(join(dir, 'xbuild.toml'), text)
const resolve = (flags = {}) => failureOf(() => resolveOptions({ dir, ...flags }, {}))
/** A failure about a key, as something that is looked at later has it. */
const about = (...key: (string | number)[]) =>
  new Failure({ kind: 'usage', what: 'wrong', where: '[image] of xbuild.toml', key })

test.each<[string, string]>([
  ['platforms = ["linux/amd64",\n  "linux/amd65"]', '2:3'],
  ['platforms = []', '1:1'],
  ['[image]\nports = [8080, "99999"]', '2:16'],
  ['[image]\nuser = "a b"', '2:1'],
  ['[image]\nworkdir = "app"', '2:1'],
  ['[image]\nprogram = "app"', '2:1'],
  ['[image]\nbase = "Bad Base"', '2:1'],
  ['[image]\nregistry = "Bad Base"', '2:1'],
  ['[image]\ntags = ["a", "b c"]', '2:14'],
  ['[image]\ntags = ["{name}:{version}", "{nam}:1"]', '2:29'],
  ['[image]\ninsecure-registries = ["a/b"]', '2:24'],
  ['[image]\nannotations = ["a=b", "c"]', '2:23'],
  ['[image]\nvolumes = ["/a", "b"]', '2:18'],
  ['[image]\nstop-signal = "SIGFOO"', '2:1'],
  ['[image.env]\nA = "1"\n"B C" = "2"', '3:1'],
  ['[image.healthcheck]\ntest = ["/app"]\ninterval = "3x"', '3:1'],
  ['[[image.folders]]\npath = "/a"\n[[image.folders]]\npath = "/b"\nmode = "9"', '5:1'],
  ['[[image.files]]\nfrom = "a"\nto = "/a"\nowner = "x y"', '4:1'],
  ['[image]\nports = [80]\n[images.web]\nports = ["x"]', '4:10'],
  ['[images.web]\nbin = "a"\nprograms = ["b"]', '2:1'],
])('%j is wrong at %s', async (text, place) => {
  await write(text)
  expect((await resolve()).where).toBe(`${join(dir, 'xbuild.toml')}:${place}`)
})

test.each([
  [{ user: 'x y' }, '--user'],
  [{ annotation: ['x'] }, '--annotation'],
  [{ insecureRegistry: ['a/b'] }, '--insecure-registry'],
  [{ baseRegistry: 'A B' }, '--base-registry'],
])('a fault of %j is one of the flag, whatever the file says', async (flags, flag) => {
  await write('[image]\nuser = "1"\nannotations = ["a=b"]\ninsecure-registries = ["a.b"]\nregistry = "a.b"')
  expect(await resolve(flags)).toMatchObject({ what: expect.stringContaining(flag), where: flag })
})

describe('locating', () => {
  it('finds a key of an image in its table, else in [image]', async () => {
    await write('[image]\nentrypoint = ["/a"]\ntemplate = "x"\n[images.web]\nentrypoint = ["/b"]')
    const at = async (key: string) =>
      (await failureOf(() => locating(dir, () => Promise.reject(ofImage('web', about('image', key)))))).where
    expect(await at('template')).toMatch(/:3:1$/)
    expect(await at('entrypoint')).toMatch(/:5:1$/)
  })

  it('keeps where a file is, and a failure whose key is not in the file', async () => {
    await write('[image]\nfiles = [{ from = "a", to = "/a" }]')
    const missing = about('image', 'files', 0, 'from').with({ where: '/app/a' })
    const path = join(dir, 'xbuild.toml')
    expect((await failureOf(() => locating(dir, () => Promise.reject(missing)))).where).toBe(
      `${path}:2:12\n/app/a`,
    )
    const other = about('image', 'user')
    expect((await failureOf(() => locating(dir, () => Promise.reject(other)))).where).toBe(other.where)
    expect(await readFile(path, 'utf8')).toContain('files')
  })
})
