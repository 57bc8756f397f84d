import { describe, expect, it, vi } from 'vitest'
import { resolveOptions } from '../../src/config/options.ts'
import { inspectGo } from '../../src/languages/go/project.ts'
import { parsePlatforms } from '../../src/platforms.ts'
import { failureOf } from '../support/failure-of.ts'
import { project } from '../support/projects.ts'

const main = (imports = '') => `package main\n${imports}\nfunc main() {}\n`
const module = (name: string) => `module ${name}\n\ngo 1.21\n`

async function inspect(dir: string, wanted: string[] = [], toolchainArgs: string[] = []) {
  const { language } = await resolveOptions({ dir }, {})
  return inspectGo(dir, {
    options: language,
    platforms: parsePlatforms(['linux/amd64']),
    wanted,
    toolchainArgs,
  })
}
const names = async (dir: string, wanted: string[] = []) =>
  (await inspect(dir, wanted)).executables.map(item => item.package)

describe('no program is', () => {
  it('a folder of tests alone', async () => {
    const dir = await project({
      'go.mod': module('x'),
      'cmd/a/main.go': main(),
      'cmd/test/a_test.go': 'package main\n',
    })
    expect(await names(dir)).toEqual(['./cmd/a'])
  })

  it('a file that go runs by itself, or one for another system', async () => {
    const dir = await project({
      'go.mod': module('x'),
      'lib.go': 'package x\n',
      'win/main.go': `//go:build windows\n\n${main()}`,
    })
    expect(await names(dir)).toEqual([])
  })
})

describe('a program that is out of reach is named', () => {
  const library = { 'go.mod': module('x'), 'lib.go': 'package x\n' }
  const nested = { 'cmd/app/go.mod': module('x/cmd/app'), 'cmd/app/main.go': main() }
  const tagged = { 'cmd/tool/main.go': `// Package main.\n\n//go:build special\n\n${main()}` }

  it.each([
    [nested, [], './cmd/app is in a module of its own', 'xbuild cmd/app'],
    [tagged, [], './cmd/tool is built only with //go:build special', '-tags=special'],
    [
      { 'cmd/tool/main.go': `//go:build linux && special\n\n${main()}` },
      [],
      'linux && special',
      '--bin ./cmd/tool -- -tags=special ',
    ],
    [{ ...nested, 'main.go': main(), 'lib.go': 'package main\n' }, ['app'], './cmd/app', 'xbuild cmd/app'],
    [{ ...tagged, 'main.go': main(), 'lib.go': 'package main\n' }, ['./cmd/tool'], './cmd/tool', '[go] tags'],
    [
      { 'a/go.mod': module('a'), 'a/cmd/deep/m.go': main() },
      ['deep'],
      './a/cmd/deep is in a module of its own, ./a',
      'xbuild a --bin ./cmd/deep',
    ],
  ])('%j, asked for %j', async (files, wanted, why, fix) => {
    const failure = await failureOf(inspect(await project({ ...library, ...files }), wanted))
    expect(failure.kind).toBe('project')
    expect(failure.why).toContain(why)
    expect(failure.fix).toContain(fix)
  })

  it.each([
    ['main.go', 'package main\n\nimport "C"\n\nfunc main() {}\n'],
    ['main.go', 'package main\n\n/*\nint x;\n*/\nimport (\n\t"C"\n)\n\nfunc main() {}\n'],
    ['main.go', `//go:build cgo\n\n${main()}`],
  ])('where cgo is off: %s %j', async (name, text) => {
    vi.stubEnv('CGO_ENABLED', '0')
    const files = { 'go.mod': module('x'), [`cmd/tool/${name}`]: text }
    const failure = await failureOf(inspect(await project(files), [])).finally(() => vi.unstubAllEnvs())
    expect(failure).toMatchObject({
      why: './cmd/tool uses cgo, which CGO_ENABLED=0 or [go] cgo = false turns off',
      fix: expect.stringContaining('unset CGO_ENABLED'),
    })
  })

  it('and can be had as it says', async () => {
    const dir = await project({ ...library, ...tagged })
    expect((await inspect(dir, [], ['-tags=special'])).executables).toMatchObject([{ name: 'tool' }])
  })
})

describe('a workspace', () => {
  const outside = {
    'go.work': 'go 1.21\n\nuse ./a\n',
    'a/go.mod': module('example.com/a'),
    'a/main.go': main(),
    'a/cmd/x/main.go': main(),
    'b/go.mod': module('example.com/b'),
    'b/main.go': main(),
  }

  it('that does not use the module is told with both ways out', async () => {
    const dir = await project(outside)
    const failure = await failureOf(inspect(`${dir}/b`))
    expect(failure).toMatchObject({
      kind: 'project',
      what: expect.stringContaining('does not use the module'),
    })
    expect(failure.fix).toMatch(/go work use \S+\/b [\s\S]*GOWORK=off/)
  })

  it.each(['off', 'go.work of its own'])('may be another one: GOWORK %s', async what => {
    const dir = await project({ ...outside, 'other.work': 'go 1.21\n\nuse ./b\n' })
    const value = what === 'off' ? 'off' : `${dir}/other.work`
    const settings = await resolveOptions({ dir }, {})
    const go = { ...settings.language.go, env: { GOWORK: value } }
    const context = { options: { ...settings.language, go }, platforms: parsePlatforms(['linux/amd64']) }
    expect((await inspectGo(`${dir}/b`, context)).executables).toMatchObject([{ package: '.' }])
  })

  it('gives a folder below it the programs there', async () =>
    expect(await names(`${await project(outside)}/a`)).toEqual(['.', './cmd/x']))
})

it('what other programs need is left alone', async () => {
  const dir = await project({
    'go.mod': `${module('x')}\nrequire private.example/lib v1.0.0\n`,
    'cmd/a/main.go': main(),
    'cmd/b/main.go': main('import _ "private.example/lib"'),
  })
  const { language } = await resolveOptions({ dir }, {})
  const options = { ...language, go: { ...language.go, env: { GOPROXY: 'off' } } }
  const context = { options, platforms: parsePlatforms(['linux/amd64']) }
  const found = await inspectGo(dir, { ...context, wanted: ['a'] })
  expect(found.executables.map(({ name, problem }) => [name, problem])).toEqual([
    ['a', undefined],
    ['b', undefined],
  ])
  const both = await inspectGo(dir, { ...context, wanted: ['a', 'x/cmd/b'] })
  expect(both.executables.find(({ name }) => name === 'b')?.problem).toContain('private.example/lib')
})

it('where none is named, what the one that is meant needs is read', async () => {
  const dir = await project({
    'go.mod': `${module('example.com/app')}\nrequire private.example/lib v1.0.0\n`,
    'cmd/app/main.go': main('import "C"'),
    'tools/gen/main.go': main('import _ "private.example/lib"'),
  })
  const { language } = await resolveOptions({ dir }, {})
  const options = { ...language, go: { ...language.go, env: { GOPROXY: 'off' } } }
  const found = await inspectGo(dir, { options, platforms: parsePlatforms(['linux/amd64']), wanted: [] })
  expect(found).toMatchObject({ name: 'app', cCode: [{ executables: ['./cmd/app'] }] })
  expect(found.executables.filter(item => item.problem)).toEqual([])
})

it('GOEXPERIMENT=boringcrypto needs C, which no other package of the standard library does', async () => {
  const dir = await project({
    'go.mod': module('x'),
    'main.go': main('import _ "crypto/tls"'),
    'xbuild.toml': '[go.env]\nGOEXPERIMENT = "boringcrypto"\n',
  })
  expect((await inspect(dir)).cCode).toMatchObject([{ dependency: 'crypto/internal/boring' }])
})
