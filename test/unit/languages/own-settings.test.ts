import { describe, expect, it, test } from 'vitest'
import { readGoFlags } from '../../../src/languages/go/goflags.ts'
import { decidesOnGarbage } from '../../../src/languages/go/memory.ts'
import type { GoProject } from '../../../src/languages/go/project.ts'
import type { GoSetting } from '../../../src/languages/go/settings.ts'
import { checkTarget } from '../../../src/languages/go/target.ts'
import { languages } from '../../../src/languages/index.ts'
import { checkToolchainArgs } from '../../../src/languages/own-flags.ts'
import { readBindgen } from '../../../src/languages/rust/bindgen.ts'
import { buildScriptEnv, envTriple, targetConfig } from '../../../src/languages/rust/cargo-config.ts'
import { type RustProject, readEnvironmentFlags } from '../../../src/languages/rust/project.ts'
import { describeBuildTarget } from '../../../src/languages/rust/remarks.ts'
import { type RustTarget, toolsOf } from '../../../src/languages/rust/target.ts'
import type { ZigProject } from '../../../src/languages/zig/project.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import type { Step } from '../../../src/types.ts'
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

/** The C toolchains of a machine with zig, with gcc for this one and others, or both. */
const found = (zig: boolean, pkgConfigSet = false) => ({
  ...(zig && { zig: { command: ['zig'], version: '0.14.1' } }),
  commands: new Set(['aarch64-linux-gnu-gcc', 'aarch64-linux-gnu-g++', 'cc']),
  hostArch: 'amd64',
  hostLibc: 'gnu' as const,
  pkgConfigSet,
})
const arm64 = parsePlatforms(['linux/arm64'])
const needs = [{ dependency: 'c' }]

/** A build of a program with C code for arm64, with what the user has set. */
const goC = (values: Record<string, string>, zig = true, pkgConfigSet = false) => {
  const project = { ...goProject(set(values)), cCode: needs, cToolchains: found(zig, pkgConfigSet) }
  return languages.go.compile(project, compileRequest(project, arm64))
}
const triple = 'aarch64-unknown-linux-musl'
const rustC = (target: Partial<RustTarget>, zig = true, changes: Partial<RustProject> = {}) => {
  const bindgen = { ...readBindgen({}, [triple]), zigLib: '/' }
  const project = rustProject({ cCode: needs, cToolchains: found(zig), bindgen, ...changes }, 'musl', target)
  return languages.rust.compile(project, compileRequest(project, arm64))
}
/** On a rustc that does not bring its own start files a gcc for glibc serves glibc alone. */
const rustGnu = (target: Partial<RustTarget>) => {
  const options = { ...defaultOptions, rust: { ...defaultOptions.rust, libc: 'gnu' as const } }
  const project = rustProject({ cCode: needs, cToolchains: found(false) }, 'gnu', target)
  return languages.rust.compile(project, compileRequest(project, arm64, { options }))
}
const zigWith = (changes: Partial<ZigProject>) => {
  const project = { ...zigProject, ...changes }
  return languages.zig.compile(project, compileRequest(project, arm64))
}

const envOf = (plan: { readonly steps: readonly Step[] }) => plan.steps[0]?.command.env ?? {}
/** Names of variables that have a target in them, with TARGET in its place. */
const general = (name: string) =>
  name
    .replace(/AARCH64_UNKNOWN_LINUX_(MUSL|GNU)/, 'TARGET')
    .replace(/aarch64_unknown_linux_(musl|gnu)/, 'TARGET')
const namesOf = (...plans: readonly { readonly steps: readonly Step[] }[]) =>
  [...new Set(plans.flatMap(plan => Object.keys(envOf(plan)).map(general)))].toSorted()
/** What the environment says of one target of Rust. */
const rustEnv = async (env: NodeJS.ProcessEnv) => {
  const config = targetConfig([], triple, env)
  return { ...config, ownTools: toolsOf(triple, env), ownCc: toolsOf(triple, env).has('CC') }
}
const suffix = 'aarch64_unknown_linux_musl'
/** A tool that the user names for the target is not named by xbuild. */
const keepsOwn = (name: string) => async () => {
  for (const own of [`${name}_${suffix}`, `${name}_${triple}`, `TARGET_${name}`]) {
    expect(envOf(rustC({})), own).toHaveProperty(`${name}_${suffix}`)
    expect(envOf(rustC(await rustEnv({ [own]: 'mine' }))), own).not.toHaveProperty(`${name}_${suffix}`)
  }
}
const keepsOwnOfGcc = (name: string) => async () => {
  const gnu = 'aarch64_unknown_linux_gnu'
  const ownTools = toolsOf(gnu.replaceAll('_', '-'), { [`${name}_${gnu}`]: 'mine' })
  expect(envOf(rustGnu({}))).toHaveProperty(`${name}_${gnu}`)
  expect(envOf(rustGnu({ ownTools }))).not.toHaveProperty(`${name}_${gnu}`)
}
const isSaid = (name: string) => () =>
  expect(goC({ [name]: 'clang' }).hints.join()).toMatch(
    new RegExp(`${name} of the environment does not count`),
  )
/** xbuild reads what cargo prints, and draws it itself. */
const forDisplay = () => {}

const variables: Readonly<
  Record<keyof typeof commands, Readonly<Record<string, () => void | Promise<void>>>>
> = {
  go: {
    GOOS: () =>
      expect(checkTarget(set({ GOOS: 'darwin' }), platforms)).toEqual([expect.stringContaining('GOOS')]),
    GOARCH: () => {
      expect(checkTarget(set({ GOARCH: 'arm' }), platforms)).toEqual([expect.stringContaining('GOARCH')])
    },
    GOAMD64: () => {
      expect(() => checkTarget(set({ GOAMD64: 'v1' }), platforms)).toThrow(
        expect.objectContaining({ kind: 'usage' }),
      )
      expect(checkTarget(set({ GOAMD64: 'v1' }, 'go env -w'), platforms)).toEqual([
        expect.stringContaining('GOAMD64'),
      ])
    },
    GOARM64: () => {
      expect(() => checkTarget(set({ GOARM64: 'v9.0' }), arm64)).toThrow(
        expect.objectContaining({ kind: 'usage' }),
      )
    },
    CGO_ENABLED: () => {
      const refused = () => goWith({ CGO_ENABLED: 'yes' })
      expect(refused).toThrow(expect.objectContaining({ kind: 'usage' }))
      expect(envOf(goC({ CGO_ENABLED: '0' }))).toMatchObject({ CGO_ENABLED: '0' })
    },
    ...{ CC: isSaid('CC'), CXX: isSaid('CXX'), AR: isSaid('AR') },
    PKG_CONFIG_LIBDIR: () => expect(envOf(goC({}, true, true))).not.toHaveProperty('PKG_CONFIG_LIBDIR'),
    GOGC: () => expect(goWith({ GOGC: '50' }).env).not.toHaveProperty('GOGC'),
    GOMEMLIMIT: () => expect(goWith({ GOMEMLIMIT: '1GiB' }).env).not.toHaveProperty('GOMEMLIMIT'),
  },
  rust: {
    CARGO_TERM_COLOR: forDisplay,
    CARGO_TERM_PROGRESS_WHEN: forDisplay,
    CARGO_TERM_PROGRESS_WIDTH: forDisplay,
    CARGO_TARGET_TARGET_LINKER: async () => {
      const name = `CARGO_TARGET_${envTriple(triple)}_LINKER`
      expect(envOf(rustC({}))).toHaveProperty(name)
      expect(envOf(rustC(await rustEnv({ [name]: 'mold' })))).not.toHaveProperty(name)
    },
    CARGO_TARGET_TARGET_RUSTFLAGS: async () => {
      const name = `CARGO_TARGET_${envTriple(triple)}_RUSTFLAGS`
      expect(envOf(rustC(await rustEnv({ [name]: '-Cdebuginfo=1' })))[name]).toMatch(
        /-Cdebuginfo=1 .*crt-static/,
      )
      expect(envOf(rustC(await rustEnv({ CARGO_BUILD_RUSTFLAGS: '-g' })))[name]).toMatch(/^-g .*crt-static/)
    },
    CARGO_ENCODED_RUSTFLAGS: () => {
      for (const variable of ['RUSTFLAGS', 'CARGO_ENCODED_RUSTFLAGS']) {
        const environmentFlags = readEnvironmentFlags({ [variable]: '-g' })
        expect(envOf(rustC({}, true, environmentFlags && { environmentFlags }))).toMatchObject({
          CARGO_ENCODED_RUSTFLAGS: expect.stringContaining(['-g', '--remap-path-prefix'].join('\x1f')),
        })
      }
    },
    ...{ CC_TARGET: keepsOwn('CC'), CXX_TARGET: keepsOwn('CXX') },
    ...{ AR_TARGET: keepsOwn('AR'), RANLIB_TARGET: keepsOwn('RANLIB') },
    PKG_CONFIG_ALLOW_CROSS_TARGET: keepsOwnOfGcc('PKG_CONFIG_ALLOW_CROSS'),
    PKG_CONFIG_LIBDIR_TARGET: keepsOwnOfGcc('PKG_CONFIG_LIBDIR'),
    BINDGEN_EXTRA_CLANG_ARGS_TARGET: () => {
      const name = `BINDGEN_EXTRA_CLANG_ARGS_${suffix}`
      const own = { ...readBindgen({ [name]: '-DA' }, [triple]), zigLib: '/' }
      expect(envOf(rustC({}, true, { bindgen: own }))).not.toHaveProperty(name)
    },
  },
  zig: {
    DESTDIR: () => {
      expect(envOf(zigWith({ hasDestDir: true }))).toMatchObject({ DESTDIR: '' })
      expect(envOf(zigWith({}))).not.toHaveProperty('DESTDIR')
    },
  },
}

/** Command lines that together set all that xbuild ever sets. */
const given: Readonly<Record<keyof typeof commands, () => string[]>> = {
  go: () => [...namesOf(goC({}), goC({}, false)), ...Object.keys(goWith({}).env ?? {})],
  rust: () =>
    namesOf(
      ...[rustC({}), rustC({}, false), rustGnu({})],
      rustC({}, true, { environmentFlags: { variable: 'RUSTFLAGS', flags: [] } }),
    ),
  zig: () => namesOf(zigWith({ hasDestDir: true })),
}

describe.each(Object.keys(commands) as (keyof typeof commands)[])(
  'every variable that xbuild gives %s',
  language => {
    it('is in the table', () => {
      expect([...new Set(given[language]())].toSorted()).toEqual(Object.keys(variables[language]).toSorted())
    })
    test.each(Object.entries(variables[language]))('%s, set by the user too, is not dropped', (_, check) =>
      check(),
    )
  },
)

describe('what no command line sets, but a flag of it hides', () => {
  it.each([
    ['the environment', { CARGO_BUILD_TARGET: 'x86_64-pc-windows-gnu' }, []],
    [
      '/p/.cargo/config.toml',
      {},
      [{ path: '/p/.cargo/config.toml', table: { build: { target: 'x86_64-pc-windows-gnu' } } }],
    ],
  ])('a target of cargo of %s is said', (place, env, files) => {
    expect(describeBuildTarget(files, env, [triple]).join()).toMatch(
      new RegExp(`"x86_64-pc-windows-gnu" of ${place} does not count: --platform`),
    )
    expect(describeBuildTarget([], { CARGO_BUILD_TARGET: triple }, [triple])).toEqual([])
  })

  it('compilers of Rust without a target are said where C code is compiled', () => {
    expect(rustC({}, true, { hostTools: ['CC', 'AR'] }).hints.join()).toMatch(/^CC, AR do not count/)
    expect(rustC({ ownCc: true }, true, { hostTools: ['CC'] }).hints).toEqual([])
  })

  it('compilers that cargo’s [env] names for a target are kept', () => {
    const table = { env: { [`CXX_${suffix}`]: { value: 'mine', relative: true }, CC: 'clang' } }
    const env = buildScriptEnv([{ path: '/p/.cargo/config.toml', table }], { CC: 'gcc' })
    expect(toolsOf(triple, env)).toEqual(new Set(['CXX']))
    expect(env['CC']).toBe('gcc')
  })

  it('the cache of zig is the one that ZIG_LOCAL_CACHE_DIR names', () => {
    const [step] = zigWith({ cache: '/cache' }).steps
    expect(step?.command.args).toContain('/cache/xbuild/linux_arm64')
    expect(zigWith({ cache: '/cache', downloads: true }).prepare[0]?.command.args).toContain('/cache')
  })

  it('flags for this machine are said of cgo’s C code', () => {
    expect(goC({ CGO_CFLAGS: '-O2 -march=native' }).hints.join()).toContain('CGO_CFLAGS has -march=native')
    expect(goC({ CGO_LDFLAGS: '-L/usr/lib' }).hints.join()).toContain('CGO_LDFLAGS has -L/usr/lib')
    expect(goC({ CGO_CFLAGS: '-O2' }).hints).toEqual([])
  })
})
