import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { languages } from '../../../src/languages/index.ts'
import type { Executable } from '../../../src/languages/language.ts'
import type { LanguageOptions } from '../../../src/languages/options.ts'
import { optionsFor } from '../../../src/languages/variant-options.ts'
import type { ZigProject } from '../../../src/languages/zig/project.ts'
import { parsePlatform, parsePlatforms } from '../../../src/platforms.ts'
import { compileRequest } from '../../support/compile-request.ts'
import { project } from '../../support/projects.ts'
import { rustProject } from '../../support/rust-project.ts'

const optionsOf = (toml: string): Promise<LanguageOptions> => parseConfig(toml, 'xbuild.toml')

const three = parsePlatforms(['linux/amd64', 'linux/arm/v7', 'linux/arm64'])

describe('the options of one platform', () => {
  const toml = `
    [go]
    tags = ["a"]
    ldflags = "-s"
    env = { A = "1", B = "1" }
    [go.platform.armhf]
    tags = ["b"]
    env = { B = "2" }
    [go.platform."linux/arm64"]
    tags = []`

  it.each([
    ['linux/amd64', { tags: ['a'], ldflags: '-s', env: { A: '1', B: '1' } }],
    ['linux/arm/v7', { tags: ['b'], ldflags: '-s', env: { A: '1', B: '2' } }],
    ['linux/arm64', { tags: [], ldflags: '-s', env: { A: '1', B: '1' } }],
  ])('%s', async (id, expected) => {
    expect(optionsFor(await optionsOf(toml), parsePlatform(id)).go).toMatchObject(expected)
  })
})

describe('the options of one program', () => {
  const toml = `
    [go]
    tags = ["a"]
    ldflags = "-s"
    vars = { "main.a" = "1", "main.b" = "1" }
    [go.platform."linux/arm/v7"]
    tags = ["arm"]
    ldflags = "-w"
    [go.program.web]
    tags = ["web"]
    vars = { "main.b" = "2" }
    [go.program.web.platform.armhf]
    vars = { "main.a" = "3" }
    [go.program.job.platform."linux/arm/v7"]
    tags = []`

  it.each([
    [undefined, 'linux/amd64', { tags: ['a'], ldflags: '-s', vars: { 'main.a': '1', 'main.b': '1' } }],
    ['other', 'linux/arm/v7', { tags: ['arm'], ldflags: '-w', vars: { 'main.a': '1', 'main.b': '1' } }],
    ['web', 'linux/amd64', { tags: ['web'], ldflags: '-s', vars: { 'main.a': '1', 'main.b': '2' } }],
    // The program goes before the platform, and the platform of the program before both.
    ['web', 'linux/arm/v7', { tags: ['web'], ldflags: '-w', vars: { 'main.a': '3', 'main.b': '2' } }],
    ['job', 'linux/amd64', { tags: ['a'], ldflags: '-s' }],
    ['job', 'linux/arm/v7', { tags: [], ldflags: '-w' }],
    // No name of a property that every object has.
    ['constructor', 'linux/amd64', { tags: ['a'] }],
  ])('%s on %s', async (program, id, expected) => {
    const found = optionsFor(await optionsOf(toml), parsePlatform(id), program).go
    expect(found).toMatchObject(expected)
    expect([found.platform, found.program]).toEqual([{}, {}])
  })
})

describe('a table for a platform that is not built', () => {
  const toml = (platforms: string) =>
    `platforms = [${platforms}]\n[go.platform."linux/riscv64"]\n[zig.platform."linux/arm64"]\nstep = "x"\n`
  const idle = async (platforms: string, platform?: string[]) => {
    const dir = await project({ 'xbuild.toml': toml(platforms) })
    return (await resolveOptions({ dir, ...(platform && { platform }) }, {})).idle
  }

  it('is said', async () => {
    expect(await idle('"linux/arm64"')).toEqual([
      '[go.platform."linux/riscv64"] of xbuild.toml has no effect: that platform is not built',
    ])
  })

  it('is said of a program, too', async () => {
    const dir = await project({
      'xbuild.toml': 'platforms = ["linux/amd64"]\n[go.program."a b".platform."linux/riscv64"]\n',
    })
    expect((await resolveOptions({ dir }, {})).idle).toEqual([
      '[go.program."a b".platform."linux/riscv64"] of xbuild.toml has no effect: that platform is not built',
    ])
  })

  it('is silent where another job of the matrix builds it', async () => {
    expect(await idle('"linux/amd64", "linux/arm64", "linux/riscv64"', ['linux/amd64'])).toEqual([])
  })
})

describe('Rust', () => {
  const base = rustProject()
  const steps = async (toml: string) => {
    const options = await optionsOf(toml)
    return languages.rust
      .compile(base, compileRequest(base, three, { options }))
      .steps.map(({ title, command }) => ({ title, line: command.args.join(' '), env: command.env ?? {} }))
  }

  it('has one cargo for all platforms that are alike', async () => {
    const found = await steps('[rust]\nfeatures = ["x"]\n[rust.platform."linux/arm64"]\nfeatures = ["x"]')
    expect(found.map(({ title }) => title)).toEqual(['Compile linux/amd64, linux/arm/v7, linux/arm64'])
  })

  it('has another cargo for a platform with features, a profile or variables of its own', async () => {
    const found = await steps(
      '[rust]\nfeatures = ["x"]\n[rust.platform."linux/arm/v7"]\nfeatures = ["small"]\ndefault-features = false\nprofile = "tiny"\nenv = { A = "b" }',
    )
    expect(found.map(({ title }) => title)).toEqual([
      'Compile linux/amd64, linux/arm64',
      'Compile linux/arm/v7',
    ])
    expect(found[0]?.line).toContain('--features x')
    expect(found[1]?.line).toContain('--profile tiny')
    expect(found[1]?.line).toContain('--features small --no-default-features')
    expect([found[0]?.env['A'], found[1]?.env['A']]).toEqual([undefined, 'b'])
  })

  it('has another cargo for a program of its own settings, which comes last', async () => {
    const two = { ...base, executables: [executable('alpha'), executable('beta'), executable('gamma')] }
    const options = await optionsOf(
      '[rust]\nfeatures = ["x"]\n[rust.program.alpha]\nfeatures = ["y"]\nall-features = true\n[rust.program.beta.platform."linux/arm64"]\nlibc = "musl"\nprofile = "tiny"',
    )
    const { steps } = languages.rust.compile(two, compileRequest(two, three, { options }))
    expect(
      steps.map(({ title, program, produces }) => [
        title,
        program,
        [...new Set(produces.map(({ name }) => name))].join(),
      ]),
    ).toEqual([
      ['Compile linux/amd64, linux/arm/v7, linux/arm64', undefined, 'gamma'],
      ['Compile alpha for linux/amd64, linux/arm/v7, linux/arm64', 'alpha', 'alpha'],
      ['Compile beta for linux/amd64, linux/arm/v7', 'beta', 'beta'],
      ['Compile beta for linux/arm64', 'beta', 'beta'],
    ])
    const lines = steps.map(({ command }) => command.args.join(' '))
    expect(lines[0]).toMatch(/--bin gamma --features x/)
    expect(lines[1]).toMatch(/--bin alpha --features y --all-features/)
    expect(lines[3]).toMatch(/--profile tiny.* --bin beta --features x/)
  })

  it('holds each program to the glibc that it names, on each platform', async () => {
    const zig = { command: ['zig'], version: '0.14.1' }
    const withZig = rustProject({
      cToolchains: { zig, commands: new Set(), hostArch: 'amd64', hostLibc: 'gnu', pkgConfigSet: false },
    })
    const options = await optionsOf('[rust.platform."linux/arm64"]\nlibc = "gnu"\nglibc = "2.31"')
    const platforms = parsePlatforms(['linux/amd64', 'linux/arm64'])
    const { steps } = languages.rust.compile(withZig, compileRequest(withZig, platforms, { options }))
    expect(steps.map(({ oldestGlibc }) => oldestGlibc)).toEqual([undefined, '2.31'])
  })

  it('predicts the base that all of them can run on', async () => {
    const options = await optionsOf('[rust.platform."linux/arm64"]\nlibc = "gnu"')
    const gcc = new Set(['aarch64-linux-gnu-gcc', 'aarch64-linux-gnu-g++'])
    const withGcc = rustProject({
      cToolchains: { commands: gcc, hostArch: 'amd64', hostLibc: 'gnu', pkgConfigSet: false },
    })
    const plan = languages.rust.compile(withGcc, compileRequest(withGcc, three, { options }))
    expect(plan.prediction.libc).toBe('gnu')
  })
})

describe('Zig', () => {
  it('has arguments, a mode, a step and variables by platform', async () => {
    const base = zigProject
    const options = await optionsOf(
      '[zig]\nargs = ["-Da"]\n[zig.platform."linux/arm/v7"]\nargs = ["-Db"]\nrelease = "small"\nstep = "tiny"\nenv = { A = "b" }',
    )
    const plan = languages.zig.compile(base, compileRequest(base, three, { options }))
    const lines = plan.steps.map(({ command }) => command.args.join(' '))
    expect(plan.concurrency).toBe(3)
    expect(lines[0]).toMatch(/^build install --release=safe .* -Da$/)
    expect(lines[1]).toMatch(/^build tiny --release=small .*arm-linux-musl.* -Db$/)
    expect(plan.steps.map(({ command }) => command.env?.['A'])).toEqual([undefined, 'b', undefined])
  })
})

describe('Zig, with a program of its own settings', () => {
  it('installs it into a folder of its own, with a cache of its own', async () => {
    const two = {
      ...zigProject,
      executables: ['app', 'tool'].map(name => ({ name, package: name, predicted: true })),
    }
    const options = await optionsOf('[zig.program.tool]\nargs = ["-Dtool"]\nrelease = "small"')
    const plan = languages.zig.compile(two, compileRequest(two, three.slice(0, 1), { options }))
    expect(plan.steps.map(({ outputDir, command: { args } }) => [outputDir, args.at(-1)])).toEqual([
      ['\0work\0/linux_amd64', '-j2'],
      ['\0work\0/linux_amd64-tool', '-Dtool'],
    ])
    expect(plan.steps.map(({ command: { args } }) => args[args.indexOf('--cache-dir') + 1])).toEqual([
      '.zig-cache/xbuild/linux_amd64',
      '.zig-cache/xbuild/linux_amd64-tool',
    ])
  })
})

const executable = (name: string) => ({ ...(rustProject().executables[0] as Executable), name })

const zigProject: ZigProject = {
  language: 'zig',
  root: '/app',
  executables: [{ name: 'app', package: 'app', predicted: true }],
  toolchain: { name: 'zig', version: '0.14.1' },
  cCode: [],
  remarks: [],
  zig: { command: ['zig'], version: '0.14.1' },
  downloads: false,
}
