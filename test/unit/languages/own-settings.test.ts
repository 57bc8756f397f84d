import { describe, expect, it, test } from 'vitest'
import { readGoFlags } from '../../../src/languages/go/goflags.ts'
import { decidesOnGarbage } from '../../../src/languages/go/memory.ts'
import type { GoProject } from '../../../src/languages/go/project.ts'
import type { GoSetting } from '../../../src/languages/go/settings.ts'
import { checkTarget } from '../../../src/languages/go/target.ts'
import { languages } from '../../../src/languages/index.ts'
import { checkToolchainArgs } from '../../../src/languages/own-flags.ts'
import type { ZigProject } from '../../../src/languages/zig/project.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import { compileRequest, defaultOptions } from '../../support/compile-request.ts'
import { rustProject } from '../../support/rust-project.ts'

const platforms = parsePlatforms(['linux/amd64/v3'])
const set = (values: Record<string, string>, from: GoSetting['from'] = 'the environment') =>
  new Map(Object.entries(values).map(([name, value]) => [name, { value, from }]))

const goProject = (settings: ReadonlyMap<string, GoSetting>, args: readonly string[] = []): GoProject => ({
  ...{ language: 'go', root: '/src', executables: [{ name: 'app', package: '.' }] },
  ...{ toolchain: { name: 'go', version: '1.26.8' }, cCode: [], remarks: [], settings },
  ...{ flags: readGoFlags(settings, args), variables: [], packages: 9 },
  ...(decidesOnGarbage(Object.fromEntries([...settings].map(([name, { value }]) => [name, value])))
    ? {}
    : { memory: 2 ** 36 }),
})
const zigProject: ZigProject = {
  ...{ language: 'zig', root: '/app', executables: [{ name: 'app', package: 'app', predicted: true }] },
  ...{ toolchain: { name: 'zig', version: '0.14.1' }, cCode: [], remarks: [] },
  ...{ zig: { command: ['zig'], version: '0.14.1' }, downloads: false },
}
const goWith = (values: Record<string, string>, toolchainArgs: readonly string[] = []) => {
  const project = goProject(set(values), toolchainArgs)
  const options = { ...defaultOptions, go: { ...defaultOptions.go, tags: ['own'] } }
  const [step] = languages.go.compile(
    project,
    compileRequest(project, platforms, { options, toolchainArgs }),
  ).steps
  return step?.command ?? { args: [], env: {} }
}
const commands = {
  go: () => goWith({}),
  rust: () => {
    const project = rustProject()
    return languages.rust.compile(project, compileRequest(project, platforms, { jobs: 2 })).steps[0]?.command
  },
  zig: () => languages.zig.compile(zigProject, compileRequest(zigProject, platforms)).steps[0]?.command,
}

/** What a user's own value of a flag comes to: refused by its name, put behind ours, or together with ours. */
type Outcome = 'refused' | 'follows' | (() => void)
const count = (args: readonly string[], start: string) => args.filter(word => word.startsWith(start)).length

const flags: Readonly<Record<keyof typeof commands, Readonly<Record<string, Outcome>>>> = {
  go: {
    '-v': 'follows',
    '-o': 'refused',
    '-ldflags': () => {
      expect(() => checkToolchainArgs(languages.go, ['-ldflags=-w'])).toThrow()
      expect(goWith({ GOFLAGS: '-ldflags=-X=a.b=c' }).args.join(' ')).toMatch(/-ldflags=-s -w .*-X=a\.b=c/)
    },
    '-trimpath': () => expect(count(goWith({ GOFLAGS: '-trimpath=false' }).args, '-trimpath')).toBe(0),
    '-p': () => expect(count(goWith({ GOFLAGS: '-p=3' }).args, '-p=')).toBe(0),
    '-tags': () => {
      expect(goWith({ GOFLAGS: '-tags=a' }, ['-tags=b']).args).toContain('-tags=a,b,own')
    },
  },
  rust: {
    '--target': 'refused',
    '--message-format': 'refused',
    ...{ '--release': 'follows', '--keep-going': 'follows', '--jobs': 'follows', '--target-dir': 'follows' },
    ...{ '-p': 'follows', '--bin': 'follows', '--locked': 'follows', '--config': 'follows' },
  },
  zig: {
    '--prefix': 'refused',
    '-Dtarget': 'refused',
    ...{ '-Dcpu': 'follows', '--release': 'follows', '--cache-dir': 'follows', '--summary': 'follows' },
    ...{ '--color': 'follows', '--verbose': 'follows', '-j': 'follows' },
  },
}

const nameOf = (word: string) => /^(--?[A-Za-z-]+?)(?:\d+)?(?:=.*)?$/s.exec(word)?.[1]

describe.each(Object.keys(commands) as (keyof typeof commands)[])(
  'every flag that xbuild gives %s',
  language => {
    const command = commands[language]()
    const given = (command?.args ?? []).map(nameOf).filter(name => name !== undefined)

    it('is in the table', () => {
      expect(given.filter(name => !Object.hasOwn(flags[language], name as string))).toEqual([])
    })

    test.each(Object.entries(flags[language]))(
      '%s, given by the user too, is not dropped',
      (name, outcome) => {
        if (typeof outcome === 'function') return outcome()
        const check = () => checkToolchainArgs(languages[language], [name])
        if (outcome === 'refused') return expect(check).toThrow(expect.objectContaining({ kind: 'usage' }))
        // Behind ours: the tool takes the last, or says that it is there twice.
        expect(check).not.toThrow()
        const projects = { go: goProject(set({})), rust: rustProject(), zig: zigProject }
        const request = compileRequest(projects[language], platforms, { toolchainArgs: [`${name}=x`] })
        const { steps } = languages[language].compile(projects[language] as never, request)
        expect(steps[0]?.command.args).toContain(`${name}=x`)
      },
    )
  },
)

const variables: Readonly<Record<string, () => void>> = {
  GOOS: () =>
    expect(checkTarget(set({ GOOS: 'darwin' }), platforms)).toEqual([expect.stringContaining('GOOS')]),
  GOARCH: () => {
    expect(checkTarget(set({ GOARCH: 'arm64' }), platforms)).toEqual([expect.stringContaining('GOARCH')])
  },
  GOAMD64: () => {
    expect(() => checkTarget(set({ GOAMD64: 'v1' }), platforms)).toThrow(
      expect.objectContaining({ kind: 'usage' }),
    )
    expect(checkTarget(set({ GOAMD64: 'v1' }, 'go env -w'), platforms)).toEqual([
      expect.stringContaining('GOAMD64'),
    ])
  },
  CGO_ENABLED: () => {
    const refused = () => goWith({ CGO_ENABLED: 'yes' })
    expect(refused).toThrow(expect.objectContaining({ kind: 'usage' }))
    expect(goWith({ CGO_ENABLED: '0' }).env).toMatchObject({ CGO_ENABLED: '0' })
  },
  GOGC: () => expect(goWith({ GOGC: '50' }).env).not.toHaveProperty('GOGC'),
  GOMEMLIMIT: () => expect(goWith({ GOMEMLIMIT: '1GiB' }).env).not.toHaveProperty('GOMEMLIMIT'),
}

describe('every variable that xbuild gives Go', () => {
  it('is in the table', () => {
    expect(Object.keys(goWith({}).env ?? {}).toSorted()).toEqual(Object.keys(variables).toSorted())
  })
  test.each(Object.entries(variables))('%s, set by the user too, is not dropped', (_, check) => check())
})
