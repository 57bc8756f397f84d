import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { languages } from '../../../src/languages/index.ts'
import type { LanguageOptions } from '../../../src/languages/options.ts'
import { optionsFor } from '../../../src/languages/variants.ts'
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
