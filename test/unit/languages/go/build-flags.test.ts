import { describe, expect, it, test } from 'vitest'
import type { Settable } from '../../../../src/languages/go/declarations.ts'
import { readGoFlags } from '../../../../src/languages/go/goflags.ts'
import { go } from '../../../../src/languages/go/index.ts'
import type { GoProject } from '../../../../src/languages/go/project.ts'
import type { GoSetting } from '../../../../src/languages/go/settings.ts'
import type { CompileRequest } from '../../../../src/languages/language.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { compileRequest, defaultOptions } from '../../../support/compile-request.ts'

const source = { epoch: 1700000000, version: 'v1.0.0', revision: 'abcdef0123', branch: 'main', tag: 'v1.0.0' }

interface Facts {
  /** What each program declares. */
  programs?: Record<string, Record<string, Settable>>
  /** What the other packages declare. */
  packages?: Record<string, Record<string, Settable>>
  environment?: Record<string, string>
  goTable?: Partial<typeof defaultOptions.go>
  args?: string[]
  more?: Partial<GoProject>
  changes?: Partial<CompileRequest>
}

function compile({
  programs = { app: {} },
  packages = {},
  environment = {},
  goTable,
  args = [],
  ...rest
}: Facts) {
  const settings = new Map<string, GoSetting>(
    Object.entries(environment).map(([name, value]) => [name, { value, from: 'the environment' }]),
  )
  const facts = (path: string, variables: Record<string, Settable>, program?: string) => ({
    arch: 'arm64',
    path,
    ...(program && { program }),
    variables: new Map(Object.entries(variables)),
  })
  const project: GoProject = {
    language: 'go',
    root: '/src',
    executables: Object.keys(programs).map(name => ({ name, package: `./${name}` })),
    toolchain: { name: 'go', version: '1.26.8' },
    cCode: [],
    remarks: [],
    settings,
    flags: readGoFlags(settings, args),
    variables: [
      ...Object.entries(programs).map(([name, found]) => facts(`x.com/m/${name}`, found, `./${name}`)),
      ...Object.entries(packages).map(([path, found]) => facts(path, found)),
    ],
    packages: 9,
    ...rest.more,
  }
  const options = { ...defaultOptions, go: { ...defaultOptions.go, ...goTable } }
  const request = { options, source, toolchainArgs: args, ...rest.changes }
  return go.compile(project, compileRequest(project, parsePlatforms(['linux/arm64']), request))
}

const args = (facts: Facts) => compile(facts).steps[0]?.command.args ?? []
const ldflags = (facts: Facts) => args(facts).filter(word => word.startsWith('-ldflags='))

describe('the stamps', () => {
  it('are those that the program declares as strings, said once', () => {
    const facts = { programs: { app: { version: 'yes', commit: 'not a string', date: 'yes' } } } as const
    expect(ldflags(facts)).toEqual([
      '-ldflags=-s -w -X main.version=v1.0.0 -X main.date=2023-11-14T22:13:20Z',
    ])
    expect(compile(facts).remarks).toEqual(['Stamped: main.version=v1.0.0, main.date=2023-11-14T22:13:20Z'])
  })

  it('are those of names with a capital letter, too', () => {
    const programs = { app: { Version: 'yes', Commit: 'on request', Date: 'yes', VERSION: 'yes' } } as const
    expect(ldflags({ programs })).toEqual([
      '-ldflags=-s -w -X main.Version=v1.0.0 -X main.Date=2023-11-14T22:13:20Z',
    ])
  })

  it.each(['constant', 'on request', 'unknown', 'embedded', 'set at start', 'not a string'] as const)(
    'leave out a version that is %s',
    version => {
      expect(ldflags({ programs: { app: { version } } })).toEqual(['-ldflags=-s -w'])
      expect(compile({ programs: { app: { version } } }).remarks).toEqual([])
    },
  )

  it('differ where the programs do', () => {
    const programs = { a: { version: 'yes' }, b: { version: 'not a string' } } as const
    expect(ldflags({ programs })).toEqual(['-ldflags=./a=-s -w -X main.version=v1.0.0', '-ldflags=./b=-s -w'])
    expect(compile({ programs }).remarks).toEqual(['Stamped into a: main.version=v1.0.0'])
  })

  it.each([
    [{ goTable: { ldflags: '-s -w -X main.version=2.0.0' } }, '-ldflags=-s -w -X main.version=2.0.0'],
    [{ environment: { GOFLAGS: '-ldflags=-X=main.version=2.0.0' } }, '-ldflags=-s -w -X=main.version=2.0.0'],
    [{ goTable: { vars: { 'main.version': '2.0.0' } } }, '-ldflags=-s -w -X main.version=2.0.0'],
  ])('give way to the user’s: %j', (facts, word) => {
    expect(ldflags({ ...facts, programs: { app: { version: 'yes' } } })).toEqual([word])
    expect(compile({ ...facts, programs: { app: { version: 'yes' } } }).remarks).toEqual([])
  })
})

describe('an -X of the user’s', () => {
  const warnings = (variable: string, facts: Facts = {}) =>
    compile({ ...facts, goTable: { vars: { [variable]: '1' } } }).warnings

  it('that sets something is no warning', () => {
    expect(warnings('main.v', { programs: { a: { v: 'yes' }, b: {} } })).toEqual([])
    expect(warnings('main.v', { programs: { a: { v: 'unknown' } } })).toEqual([])
    expect(warnings('x.com/m/version.V', { packages: { 'x.com/m/version': { V: 'yes' } } })).toEqual([])
  })

  it.each([
    ['main.v', {}, '-X main.v sets nothing: package main has no variable v'],
    ['main.versoin', { programs: { app: { version: 'yes' } } }, /did you mean main\.version\?$/],
    ['main.v', { programs: { app: { v: 'constant' } } }, /v in package main is a constant$/],
    [
      'x.com/m/app.v',
      { programs: { app: { v: 'yes' } } },
      /knows the package of a program as main: -X main\.v$/,
    ],
    ['x.com/other.V', {}, /no package x\.com\/other is linked into the program$/],
    [
      'x.com/m/v.V',
      { packages: { 'x.com/m/v': { V: 'set at start' } } },
      /V in package x\.com\/m\/v is set by/,
    ],
    ['x.com/m/v.V', { packages: { 'x.com/m/v': {} } }, /package x\.com\/m\/v has no variable V$/],
  ] as [string, Facts, string | RegExp][])('that sets nothing is one: %s', (variable, facts, text) =>
    expect(warnings(variable, facts)).toEqual([
      typeof text === 'string' ? text : expect.stringMatching(text),
    ]),
  )
})

describe('placeholders', () => {
  it('are filled in ldflags, vars and tags', () => {
    const goTable = {
      ldflags: '-s "-X main.a={version} {branch}"',
      vars: {
        'main.b': '{short-commit} {date}',
        'main.c': '{name} {platform} {tag} {commit} {other} {"a":1}',
      },
      tags: ['on_{branch}'],
    }
    expect(ldflags({ goTable })).toEqual([
      '-ldflags=-X "main.b=abcdef0 2023-11-14T22:13:20Z" -X \'main.c=app linux/arm64 v1.0.0 abcdef0123 {other} {"a":1}\' -s "-X main.a=v1.0.0 main"',
    ])
    expect(args({ goTable })).toContain('-tags=on_main')
  })

  it('without a value are refused', () =>
    expect(() =>
      compile({ goTable: { vars: { 'main.v': '{tag}' } }, changes: { source: { epoch: 0 } } }),
    ).toThrow(expect.objectContaining({ kind: 'usage', what: '{tag} in [go.vars] "main.v" has no value' })))
})

describe('GOFLAGS and ours', () => {
  const flags = (text: string, facts: Facts = {}) => args({ environment: { GOFLAGS: text }, ...facts })

  it.each([
    ['-trimpath=false', '-trimpath'],
    ['-p=1', '-p=4'],
  ])('%s is heeded: no %s of ours', (text, ours) => {
    expect(args({})).toContain(ours)
    expect(flags(text)).not.toContain(ours)
  })

  it('are merged: linker flags and tags', () => {
    const words = flags(`'-ldflags=-X "m/v.V=1 2"' -tags=a`, { goTable: { tags: ['b'], ldflags: '-w' } })
    expect(words).toContain('-ldflags=-X "m/v.V=1 2" -w')
    expect(words).toContain('-tags=a,b')
    expect(
      args({ args: ['-tags', 'c'], goTable: { tags: ['b'] } }).filter(word => /tags|^c$/.test(word)),
    ).toEqual(['-tags=c,b'])
  })
})

describe('cgo with zig', () => {
  const more = {
    cCode: [{ dependency: 'example.com/sqlite' }],
    cToolchains: {
      commands: new Set<string>(),
      hostArch: 'amd64',
      hostLibc: 'gnu' as const,
      pkgConfigSet: false,
      zig: { command: ['zig'], version: '0.14.1' },
    },
  }

  it('adds to the user’s -extldflags', () =>
    expect(ldflags({ more, goTable: { ldflags: `-s '-extldflags=-lm -Wl,-z,now'` } })).toEqual([
      '-ldflags=-linkmode=external -s "-extldflags=-static -s -lm -Wl,-z,now"',
    ]))

  it('makes a static-pie where GOFLAGS says pie', () =>
    expect(ldflags({ more, environment: { GOFLAGS: '-buildmode=pie' } })).toEqual([
      '-ldflags=-s -w -buildid= -linkmode=external "-extldflags=-static-pie -s"',
    ]))

  it('is off where CGO_ENABLED is 0, said', () => {
    const { steps, hints } = compile({ more, environment: { CGO_ENABLED: '0' } })
    expect(steps[0]?.command.env).toMatchObject({ CGO_ENABLED: '0' })
    expect(steps[0]?.command.env).not.toHaveProperty('CC')
    expect(hints).toEqual([
      'example.com/sqlite would use cgo, which CGO_ENABLED=0 of the environment turns off',
    ])
  })

  it('is on where CGO_ENABLED is 1', () =>
    expect(
      compile({ more: { ...more, cCode: [] }, environment: { CGO_ENABLED: '1' } }).steps[0]?.command.env,
    ).toMatchObject({ CGO_ENABLED: '1', CC: expect.stringContaining('zig cc') }))
})

test('a repository that git refuses ends the build before go, unless go does not ask git', () => {
  const refused = {
    why: 'fatal: detected dubious ownership',
    fix: 'git config --global --add safe.directory /src',
  }
  const build = (facts: Facts) => () => compile({ ...facts, changes: { source: { epoch: 0, refused } } })
  expect(build({})).toThrow(
    expect.objectContaining({
      kind: 'project',
      fix: expect.stringMatching(/safe\.directory \/src[\s\S]*-- -buildvcs=false/),
    }),
  )
  expect(build({ args: ['-buildvcs=false'] })).not.toThrow()
  expect(build({ environment: { GOFLAGS: '-buildvcs=false' } })).not.toThrow()
})
