import { describe, expect, it } from 'vitest'
import { isFailure } from '../../../../src/errors.ts'
import type { CompileRequest } from '../../../../src/languages/language.ts'
import { rust } from '../../../../src/languages/rust/index.ts'
import type { RustProject } from '../../../../src/languages/rust/project.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { compileRequest, defaultOptions } from '../../../support/compile-request.ts'
import { rustProject, rustTarget } from '../../../support/rust-project.ts'

const zig = { zig: { command: ['/opt/zig'], version: '0.14.1' } }
const gcc = ['x86_64', 'aarch64'].flatMap(arch => [`${arch}-linux-gnu-gcc`, `${arch}-linux-gnu-g++`])
const found = {
  commands: new Set<string>(),
  hostArch: 'amd64',
  hostLibc: 'gnu' as const,
  pkgConfigSet: false,
}
const withZig = { cToolchains: { ...found, ...zig } }
const withGcc = { cToolchains: { ...found, commands: new Set([...gcc, 'cc']) } }
const needsC = { cCode: [{ dependency: 'zstd-sys' }] }

const rustOptions = (rust: Partial<CompileRequest['options']['rust']>) => ({
  options: { ...defaultOptions, rust: { ...defaultOptions.rust, ...rust } },
})
const gnu = rustOptions({ libc: 'gnu' })
/** What keeps folders and the time out of C code. */
const reproducible =
  '-ffile-prefix-map=/home/me/.cargo=/cargo -ffile-prefix-map=/app=/src -Wno-builtin-macro-redefined' +
  ` '-D__DATE__="Jan  1 1970"' '-D__TIME__="00:00:00"' '-D__TIMESTAMP__="Thu Jan  1 00:00:00 1970"'`

function plan(project: RustProject, platforms = 'amd64,arm64', changes: Partial<CompileRequest> = {}) {
  return rust.compile(project, compileRequest(project, parsePlatforms([platforms]), changes))
}

function step(...args: Parameters<typeof plan>) {
  const [first] = plan(...args).steps
  if (!first) throw new Error('no step')
  return { line: first.command.args.join(' '), env: first.command.env ?? {}, produces: first.produces }
}

function failure(...args: Parameters<typeof plan>) {
  try {
    plan(...args)
  } catch (error) {
    if (isFailure(error)) return error
    throw error
  }
  throw new Error('expected a failure')
}

describe('the cargo command', () => {
  it('is one for all platforms', () => {
    expect(plan(rustProject(), 'amd64,arm64,linux/arm/v7').steps).toHaveLength(1)
    const { line, produces } = step(rustProject(), 'amd64,arm64,linux/arm/v7')
    expect(line).toBe(
      'build --release --message-format=json-render-diagnostics --keep-going' +
        ' --target x86_64-unknown-linux-musl --target aarch64-unknown-linux-musl' +
        ' --target armv7-unknown-linux-musleabihf -p app --bin app',
    )
    expect(produces.map(({ platform, name }) => `${platform.id} ${name}`)).toEqual([
      'linux/amd64 app',
      'linux/arm64 app',
      'linux/arm/v7 app',
    ])
  })

  it('leaves --keep-going to cargos that have it', () => {
    expect(step(rustProject({ cargoVersion: '1.73.0' })).line).not.toContain('--keep-going')
    expect(step(rustProject({ cargoVersion: '1.74.0' })).line).toContain('--keep-going')
  })

  it('has the options of [rust] and what stood after --', () => {
    const options = rustOptions({
      profile: 'dist',
      features: ['a', 'b'],
      defaultFeatures: false,
      locked: true,
      env: { SQLX_OFFLINE: 'true' },
    })
    const { line, env } = step(rustProject(), 'amd64', { ...options, toolchainArgs: ['-Zunstable'], jobs: 2 })
    expect(line).toBe(
      'build --profile dist --message-format=json-render-diagnostics --keep-going --jobs 2' +
        ' --target x86_64-unknown-linux-musl -p app --bin app' +
        ' --features a,b --no-default-features --locked -Zunstable',
    )
    expect(env['SQLX_OFFLINE']).toBe('true')
  })

  it('names the programs and their packages', () => {
    const executables = [
      { name: 'server', package: 'backend/server' },
      { name: 'worker', package: 'backend/worker' },
      { name: 'cli', package: 'cli/cli' },
    ]
    const packageSpecs = new Map([
      ['backend', 'path+file:///app/backend#1.0.0'],
      ['cli', 'path+file:///app/tools#cli@2.0.0'],
    ])
    expect(step(rustProject({ executables, packageSpecs })).line).toContain(
      '-p path+file:///app/backend#1.0.0 -p path+file:///app/tools#cli@2.0.0 --bin server --bin worker --bin cli',
    )
  })

  it('is refused where it would build a second program of a chosen name', () => {
    const [server, migrate, other, worker] = [
      { name: 'server', package: 'server/server' },
      { name: 'migrate', package: 'server/migrate' },
      { name: 'migrate', package: 'worker/migrate' },
      { name: 'worker', package: 'worker/worker' },
    ] as const
    const project = rustProject({ executables: [server, migrate, other, worker] })
    const refused = failure(project, 'amd64', { executables: [server, other] })
    expect(refused).toMatchObject({
      kind: 'usage',
      where: 'worker/migrate, server/migrate',
      fix: 'build them one after the other: --bin worker/migrate, then --bin server/server',
    })
    expect(step(project, 'amd64', { executables: [other, worker] }).line).toContain('-p worker --bin migrate')
  })

  it('is another one, in a folder of its own, for a variant that shares its triple', () => {
    const { steps, concurrency } = plan(rustProject(), 'amd64,arm64,linux/amd64/v3,linux/amd64/v2')
    expect(steps.map(({ title }) => title)).toEqual([
      'Compile linux/amd64, linux/arm64',
      'Compile linux/amd64/v3',
      'Compile linux/amd64/v2',
    ])
    expect(concurrency).toBe(1)
    const [baseline, v3] = steps.map(({ command }) => command)
    expect(baseline?.args).not.toContain('--target-dir')
    expect(baseline?.env?.['CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS']).not.toContain('target-cpu')
    expect(v3?.args.join(' ')).toContain('--target-dir /app/target/xbuild/linux_amd64_v3')
    expect(v3?.env?.['CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS']).toContain('-Ctarget-cpu=x86-64-v3')
  })
})

describe("rustc's flags", () => {
  const variable = 'CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS'

  it('link statically on musl and keep folders out', () => {
    expect(step(rustProject(), 'amd64').env[variable]).toBe(
      '--remap-path-prefix=/home/me/.cargo=/cargo --remap-path-prefix=/app=/src -Ctarget-feature=+crt-static',
    )
  })

  it('do not ask for a static glibc', () => {
    const { env } = step(rustProject(withGcc, 'gnu'), 'amd64', gnu)
    expect(env['CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS']).not.toContain('crt-static')
  })

  it("map the standard library's source to the name that rustc has for it", () => {
    const sysroot = { rustup: true, rustLld: true, source: '/rustup/lib/rustlib/src/rust' }
    expect(step(rustProject({ sysroot }), 'amd64').env[variable]).toMatch(
      /^--remap-path-prefix=\/rustup\/lib\/rustlib\/src\/rust=\/rustc\/abc /,
    )
  })

  it('are a list where one has a space, which cargo would split in a variable', () => {
    const { line, env } = step(rustProject({ workspaceRoot: '/my app' }), 'amd64')
    expect(line).toContain(
      '--config target.x86_64-unknown-linux-musl.rustflags=["--remap-path-prefix=/home/me/.cargo=/cargo","--remap-path-prefix=/my app=/src","-Ctarget-feature=+crt-static"]',
    )
    expect(env[variable]).toBeUndefined()
    const hidden = { hiddenRustflags: ['--cfg', 'feature="a b"'] }
    const targets = new Map([['linux/amd64', rustTarget('x86_64-unknown-linux-musl', hidden)]])
    expect(step(rustProject({ targets }), 'amd64').line).toContain(
      String.raw`rustflags=["--cfg","feature=\"a b\"","--remap`,
    )
    const encoded = { variable: 'CARGO_ENCODED_RUSTFLAGS', flags: ['--cfg', 'feature="a b"'] }
    const given = step(rustProject({ workspaceRoot: '/my app', environmentFlags: encoded }), 'amd64')
    expect(given.env['CARGO_ENCODED_RUSTFLAGS']?.split('\x1f')).toContain('--remap-path-prefix=/my app=/src')
    expect(given.env['CARGO_ENCODED_RUSTFLAGS']?.split('\x1f')).toContain('feature="a b"')
  })

  it('leave a folder with a space in beside a string of the user, which cargo does not join with a list', () => {
    const targets = new Map([
      ['linux/amd64', rustTarget('x86_64-unknown-linux-musl', { flagsAreString: true })],
    ])
    const { line, env } = step(rustProject({ targets, workspaceRoot: '/my app' }), 'amd64')
    expect(line).not.toContain('--config')
    expect(env[variable]).toBe('--remap-path-prefix=/home/me/.cargo=/cargo -Ctarget-feature=+crt-static')
  })

  it("come after the user's of build.rustflags", () => {
    const targets = new Map([
      ['linux/amd64', rustTarget('x86_64-unknown-linux-musl', { hiddenRustflags: ['--cfg', 'mine'] })],
    ])
    expect(step(rustProject({ targets }), 'amd64').env[variable]).toMatch(/^--cfg mine --remap/)
  })

  it("join the user's RUSTFLAGS, which would hide them", () => {
    const plain = { environmentFlags: { variable: 'RUSTFLAGS', flags: ['--cfg', 'mine'] } }
    const { env } = step(rustProject(plain), 'amd64')
    expect(env['CARGO_ENCODED_RUSTFLAGS']?.split('\x1f')).toEqual([
      '--cfg',
      'mine',
      expect.stringMatching(/^--remap/),
      expect.stringMatching(/^--remap/),
      '-Ctarget-feature=+crt-static',
    ])
    expect(env[variable]).toBeUndefined()
    const encoded = { environmentFlags: { variable: 'CARGO_ENCODED_RUSTFLAGS', flags: ['--cfg', 'mine'] } }
    expect(step(rustProject(encoded), 'amd64').env['CARGO_ENCODED_RUSTFLAGS']?.split('\x1f')).toHaveLength(5)
  })

  it('join those of [rust] env, which stand in the environment, too', () => {
    const v3 = step(
      rustProject({ environmentFlags: { variable: 'RUSTFLAGS', flags: ['-Cdebuginfo=1'] } }),
      'linux/amd64/v3',
      rustOptions({ env: { RUSTFLAGS: '-Cdebuginfo=1' } }),
    )
    const flags = v3.env['CARGO_ENCODED_RUSTFLAGS']?.split('\x1f') ?? []
    expect([flags[0], flags.at(-1)]).toEqual(['-Cdebuginfo=1', '-Ctarget-cpu=x86-64-v3'])
    const targets = new Map([
      ['linux/amd64', rustTarget('x86_64-unknown-linux-musl', { ownRustflags: ['--cfg', 'mine'] })],
    ])
    const own = rustOptions({ env: { [variable]: '--cfg mine' } })
    expect(step(rustProject({ targets }), 'amd64', own).env[variable]).toMatch(/^--cfg mine --remap/)
  })

  it.each([
    ['ownRustflags', variable],
    ['hiddenRustflags', 'CARGO_BUILD_RUSTFLAGS'],
  ])('have the placeholders of [rust] env filled, of %s too', (key, name) => {
    const flags = ['--cfg', 'v="{platform}"']
    const targets = new Map([['linux/amd64', rustTarget('x86_64-unknown-linux-musl', { [key]: flags })]])
    const filled = (env: object) => step(rustProject({ targets }), 'amd64', rustOptions({ env } as object))
    const withVersion = filled({ [name]: flags.join(' ') }).env[variable]
    expect(withVersion).toMatch(/^--cfg v="linux.amd64"/)
    // Flags of others are theirs.
    expect(filled({}).env[variable]).toMatch(/^--cfg v="\{platform\}"/)
  })
})

describe('the linker', () => {
  const variable = 'CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER'

  it("is rustc's own for pure Rust on musl", () => {
    const { env } = step(rustProject(withZig), 'arm64')
    expect(env[variable]).toBe('rust-lld')
    expect(Object.keys(env).filter(name => name.startsWith('CC_'))).toEqual([])
  })

  it("is cargo's default for a host of musl, where it links macros, too", () => {
    const sysroot = { rustup: true, rustLld: true, host: 'aarch64-unknown-linux-musl' }
    const { env } = step(rustProject({ sysroot }), 'amd64,arm64')
    expect(env[variable]).toBeUndefined()
    expect(env['CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER']).toBe('rust-lld')
  })

  it("is the user's where the configuration names one, and zig compiles the C code", () => {
    const linker = { value: 'rust-lld', source: '/app/.cargo/config.toml' }
    const { env } = step(rustProject({ ...withZig, ...needsC }, 'musl', { linker }), 'arm64')
    expect(env[variable]).toBeUndefined()
    expect(env['CC_aarch64_unknown_linux_musl']).toMatch(/^\/cache\/compilers\/.*\/cc$/)
    expect(env['AR_aarch64_unknown_linux_musl']).toMatch(/ar$/)
    expect(plan(rustProject({ ...withZig, ...needsC }, 'musl', { linker }), 'arm64').files).toHaveLength(4)
  })

  it("is the user's, and the compiler the cc crate's, where that finds the one that fits", () => {
    const named = (value: string, found: Partial<RustProject>, libc: 'musl' | 'gnu' = 'musl') => {
      const linker = { value, source: '/app/.cargo/config.toml' }
      const options = rustOptions({ libc })
      const { env } = step(rustProject({ ...found, ...needsC }, libc, { linker }), 'arm64', options)
      return Object.keys(env).filter(name => /^CC_|LINKER/.test(name))
    }
    expect(named('aarch64-linux-musl-gcc', withZig)).toEqual([])
    expect(named('clang', withZig, 'gnu')).toEqual([])
    expect(named('rust-lld', {})).toEqual([])
    expect(named('rust-lld', withGcc)).toEqual([])
  })

  it('is zig where there is C code, which it compiles, too', () => {
    const { files } = plan(rustProject({ ...withZig, ...needsC }), 'arm64')
    const { env } = step(rustProject({ ...withZig, ...needsC }), 'arm64')
    const [cc, , ar] = files
    expect(cc?.path).toMatch(/^\/cache\/compilers\/[0-9a-f]{12}\/cc$/)
    expect(cc?.text).toContain(
      `exec /opt/zig cc -target aarch64-linux-musl -fno-sanitize=undefined ${reproducible} "$@"`,
    )
    expect(ar?.text).toContain('exec /opt/zig ar "$@"')
    expect(env).toMatchObject({ [variable]: cc?.path, CC_aarch64_unknown_linux_musl: cc?.path })
  })

  it('has the same scripts in every plan, so that cargo compiles nothing anew', () => {
    const project = rustProject({ ...withZig, ...needsC })
    expect(plan(project).files).toEqual(plan(project).files)
    expect(new Set(plan(project).files.map(({ path }) => path)).size).toBe(8)
  })

  it('is the cross gcc where there is no zig, with a word on whose headers it has', () => {
    const { steps, hints, files } = plan(rustProject({ ...withGcc, ...needsC }), 'arm64')
    expect(steps[0]?.command.env).toMatchObject({
      // gcc would take the libraries of this machine.
      [variable]: 'rust-lld',
      CC_aarch64_unknown_linux_musl: files[0]?.path,
      AR_aarch64_unknown_linux_musl: 'aarch64-linux-gnu-ar',
    })
    expect(files.map(({ text }) => text.split('\n')[1])).toEqual([
      expect.stringMatching(/^exec aarch64-linux-gnu-gcc -U_FORTIFY_SOURCE .* "\$@"$/),
      expect.stringMatching(/^exec aarch64-linux-gnu-g\+\+ -U_FORTIFY_SOURCE .* "\$@"$/),
    ])
    expect(hints.join()).toContain('zig has those of musl (pip install ziglang)')
    const options = { ...defaultOptions, c: { toolchain: 'gcc' as const } }
    const both = { cToolchains: { ...withGcc.cToolchains, ...zig } }
    const chosen = plan(rustProject({ ...both, ...needsC }), 'arm64', { options })
    expect(chosen.hints.join()).toContain('zig has those of musl ([c] toolchain = "zig")')
  })

  it.each([
    ['C code', needsC],
    ['nothing but Rust', {}],
  ])('searches no folder of this machine for musl where rustc has no linker of its own: %s', (_, code) => {
    const { steps, files } = plan(
      rustProject({ ...withGcc, ...code, sysroot: { rustup: true, rustLld: false } }),
    )
    for (const [triple, target] of [
      ['aarch64-linux-gnu', 'AARCH64'],
      ['x86_64-linux-gnu', 'X86_64'],
    ]) {
      const path = steps[0]?.command.env?.[`CARGO_TARGET_${target}_UNKNOWN_LINUX_MUSL_LINKER`]
      expect(path).toMatch(/\/ld$/)
      expect(files.find(file => file.path === path)?.text).toContain(`exec ${triple}-ld -nostdlib "$@"`)
    }
  })

  it('is the cc of a host of musl, with its own headers and gcc’s support functions', () => {
    const host = { ...found, commands: new Set(['cc']), hostLibc: 'musl' as const }
    const { files, hints } = plan(rustProject({ cToolchains: host, ...needsC }), 'amd64')
    expect(files[0]?.text).toBe(`#!/bin/sh\nexec cc ${reproducible} "$@" -lgcc\n`)
    expect(hints.join()).not.toContain('headers of glibc')
  })

  it('is the cross gcc as it is for pure Rust on glibc, and keeps folders out of C code', () => {
    const linker = 'CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER'
    const pure = plan(rustProject(withGcc, 'gnu'), 'arm64', gnu)
    expect(pure.steps[0]?.command.env).toMatchObject({ [linker]: 'aarch64-linux-gnu-gcc' })
    expect(pure.files).toEqual([])
    const { files, hints } = plan(rustProject({ ...withGcc, ...needsC }, 'gnu'), 'arm64', gnu)
    expect(files[0]?.text).toBe(`#!/bin/sh\nexec aarch64-linux-gnu-gcc ${reproducible} "$@"\n`)
    expect(hints).toEqual([])
  })

  it('is missed by name', () => {
    const { kind, why, fix } = failure(rustProject(needsC), 'arm64')
    expect(kind).toBe('tool')
    expect(why).toContain('the crate zstd-sys is or holds C code')
    expect(fix).toContain('pip install ziglang')
    expect(fix).toContain('apt-get install gcc-aarch64-linux-gnu')
  })

  it('is not missed for C code that is only likely, but said', () => {
    const possibleCCode = needsC.cCode
    expect(step(rustProject({ possibleCCode }), 'arm64').env[variable]).toBe('rust-lld')
    expect(plan(rustProject({ possibleCCode }), 'arm64').hints).toEqual([
      'zstd-sys may hold C code, and there is no C compiler for it: pip install ziglang or apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
    ])
    expect(step(rustProject({ possibleCCode, ...withZig }), 'arm64').env[variable]).toMatch(/cc$/)
    expect(plan(rustProject({ possibleCCode, ...withGcc }), 'arm64').hints).toEqual([
      expect.stringMatching(/^C code, where a dependency has any, is compiled by gcc/),
    ])
  })

  it('heeds C code of the chosen programs only', () => {
    const cCode = [{ dependency: 'zstd-sys', executables: ['other/other'] }]
    expect(step(rustProject({ cCode }), 'arm64').env[variable]).toBe('rust-lld')
  })

  it('leaves the C compiler to the user who names one', () => {
    const project = rustProject({ ...withZig, ...needsC }, 'musl', { ownCc: true })
    expect(step(project, 'arm64').env[variable]).toBe('rust-lld')
  })

  it("is the host's own for glibc on the host, as cargo has it", () => {
    const only = { cToolchains: { ...found, commands: new Set(['cc']) } }
    const { env } = step(rustProject(only, 'gnu'), 'amd64', gnu)
    expect(Object.keys(env).filter(name => /^CC_|LINKER/.test(name))).toEqual([])
  })

  it('is zig for an older glibc than the compiler has', () => {
    const options = rustOptions({ libc: 'gnu', glibc: '2.17' })
    const { files } = plan(rustProject({ ...withZig }, 'gnu'), 'arm64', options)
    expect(files[0]?.text).toContain('-target aarch64-linux-gnu.2.17')
    expect(failure(rustProject(withGcc, 'gnu'), 'arm64', options).why).toContain('glibc 2.17')
  })

  it('lets pkg-config see the libraries of the target for glibc only', () => {
    const { env } = step(rustProject({ ...withGcc, ...needsC }, 'gnu'), 'arm64', gnu)
    expect(env['PKG_CONFIG_LIBDIR_aarch64_unknown_linux_gnu']).toContain(
      '/usr/lib/aarch64-linux-gnu/pkgconfig',
    )
    expect(Object.keys(step(rustProject({ ...withGcc, ...needsC }), 'arm64').env).join()).not.toContain(
      'PKG_CONFIG',
    )
  })

  it('needs a C toolchain where rustc has none of its own', () => {
    const { why } = failure(rustProject({ sysroot: { rustup: false, rustLld: false } }), 'arm64')
    expect(why).toContain('linking for linux/arm64 needs a C toolchain')
    const sysroot = { rustup: false, rustLld: false, rustLldProblem: 'libLLVM.so.19.1: not found' }
    expect(failure(rustProject({ sysroot }), 'arm64').why).toContain(
      'rust-lld, the linker of this rustc, does not start: libLLVM.so.19.1: not found',
    )
  })
})

describe('a missing standard library', () => {
  const target = { std: 'missing' } as const

  it('is added by rustup, to the toolchain that compiles', () => {
    const options = rustOptions({ env: { RUSTUP_TOOLCHAIN: 'nightly' } })
    const [prepare] = plan(rustProject({}, 'musl', target), 'amd64,arm64', options).prepare
    expect(prepare?.command).toMatchObject({
      tool: 'rustup',
      args: ['target', 'add', 'x86_64-unknown-linux-musl', 'aarch64-unknown-linux-musl'],
      cwd: '/app',
      env: { RUSTUP_TOOLCHAIN: 'nightly' },
    })
    expect(plan(rustProject()).prepare).toEqual([])
  })

  it('has two ways out without rustup', () => {
    const sysroot = { rustup: false, rustLld: true }
    const { kind, fix } = failure(rustProject({ sysroot }, 'musl', target), 'arm64')
    expect(kind).toBe('tool')
    expect(fix).toContain('rustup target add aarch64-unknown-linux-musl')
    expect(fix).toContain('[rust] libc = "gnu" in xbuild.toml, and apt-get install libstd-rust-dev:arm64')
    expect(failure(rustProject({ sysroot, ...withZig }, 'gnu', target), 'arm64', gnu).fix).toContain(
      'apt-get install libstd-rust-dev:arm64',
    )
  })

  it('that rustup does not offer is refused, with the platforms that can be built', () => {
    const targets = new Map(rustProject().targets)
    targets.set('linux/s390x', rustTarget('s390x-unknown-linux-musl', { std: 'unavailable' }))
    const { kind, why, fix } = failure(rustProject({ targets }), 'amd64,s390x')
    expect(kind).toBe('usage')
    expect(why).toContain('linux/amd64')
    expect(fix).toBe('[rust] libc = "gnu" in xbuild.toml, or --platform linux/amd64')
  })
})

describe('what is foreseen', () => {
  it('is a static program on musl', () => {
    expect(plan(rustProject()).prediction).toMatchObject({ libc: 'musl', cxx: false })
  })

  it("is glibc with gcc's unwinder, or without it with zig", () => {
    expect(plan(rustProject(withGcc, 'gnu'), 'arm64', gnu).prediction).toMatchObject({
      libc: 'gnu',
      cxx: true,
    })
    expect(plan(rustProject(withZig, 'gnu'), 'arm64', gnu).prediction).toMatchObject({
      libc: 'gnu',
      cxx: false,
    })
  })

  it("hints at musl's allocator once, for servers without their own", () => {
    const hints = (project: RustProject, changes = {}) =>
      plan(project, 'amd64,arm64', changes).hints.filter(text => text.includes('mimalloc'))
    expect(hints(rustProject({ needsAllocator: true }))).toHaveLength(1)
    expect(hints(rustProject())).toEqual([])
    expect(hints(rustProject({ needsAllocator: true, ...withGcc }, 'gnu'), gnu)).toEqual([])
  })
})
