import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { askToInstall, checkInstalls } from '../../src/build/installs.ts'
import { isFailure } from '../../src/errors.ts'
import { parsePlatform } from '../../src/platforms.ts'
import type { Recorder } from '../../src/recorder.ts'
import { xbuild } from '../support/cli.ts'
import { buildElfFor } from '../support/elf-builder.ts'
import { failureOf } from '../support/failure-of.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { project } from '../support/projects.ts'

const triple = 'aarch64-unknown-linux-musl'
const flags = ['--backend=oci', '--base=builtin', '--platform=linux/arm64']

/** A toolchain of rustup without the standard library of arm64, and a cargo that needs it. */
async function build(args: readonly string[], env: Record<string, string> = {}, rustupFails = false) {
  const dir = await project({
    'Cargo.toml': '[package]\nname = "app"\n',
    'toolchain/lib/rustlib/multirust-channel-manifest.toml': `[pkg.rust-std.target.${triple}]\navailable = true\n`,
  })
  await writeFile(join(dir, 'elf'), buildElfFor(parsePlatform('arm64')))
  const metadata = {
    packages: [
      {
        id: 'path+file:///app#1.0.0',
        name: 'app',
        version: '1.0.0',
        manifest_path: join(dir, 'Cargo.toml'),
        features: {},
        dependencies: [],
        targets: [{ name: 'app', kind: ['bin'] }],
      },
    ],
    workspace_members: ['path+file:///app#1.0.0'],
    workspace_root: dir,
    target_directory: join(dir, 'target'),
  }
  const artifact = {
    reason: 'compiler-artifact',
    target: { name: 'app', kind: ['bin'] },
    executable: join(dir, 'target', triple, 'release/app'),
    fresh: false,
  }
  const fakes = await fakeTools({
    cargo: [
      { when: /^-V$/, stdout: 'cargo 1.95.0 (abc 2026-01-01)\n' },
      { when: /^metadata /, stdout: JSON.stringify(metadata) },
      {
        when: /^build /,
        stdout: `${JSON.stringify(artifact)}\n`,
        script: (call, { fs, path }) => {
          const to = path.join(call.env['FAKE_DIR'] as string, 'target/aarch64-unknown-linux-musl/release')
          fs.mkdirSync(to, { recursive: true })
          fs.copyFileSync(path.join(call.env['FAKE_DIR'] as string, 'elf'), path.join(to, 'app'))
        },
      },
    ],
    rustc: [
      { when: /^-vV$/, stdout: 'rustc 1.95.0 (abc 2026-01-01)\nhost: x86_64-unknown-linux-gnu\n' },
      { when: /^--print /, stdout: `${join(dir, 'toolchain/lib/rustlib', triple, 'lib')}\n` },
    ],
    rustup: rustupFails ? { exitCode: 1, stderr: 'error: could not download file\n' } : {},
    'x86_64-linux-gnu-gcc': {},
    'aarch64-linux-gnu-gcc': {},
  })
  const result = await xbuild(args, {
    cwd: dir,
    env: { PATH: fakes.bin, FAKE_DIR: dir, XBUILD_ZIG: undefined, CI: undefined, ...env },
  })
  return { ...result, rustup: (await fakes.calls('rustup')).map(call => call.args.join(' ')) }
}

describe("a target that rustup's toolchain lacks", () => {
  it.each([
    ['in CI', [], { CI: 'true' }],
    ['with --yes', ['--yes'], {}],
    ['where nobody can be asked', [], {}],
  ])('is added and that is said %s', async (_, more, env) => {
    const result = await build([...flags, ...more], env as Record<string, string>)
    expect(result).toMatchObject({ code: 0, rustup: [`target add ${triple}`] })
    expect(result.stderr).toMatch(
      /standard library for aarch64-\S+ is missing and is added: rustup target add/,
    )
  })

  it.each([
    ['build', [...flags, '--no-install']],
    ['build in CI', [...flags, '--no-install', '--yes']],
    ['plan', ['plan', ...flags, '--no-install']],
  ])('is never added with --no-install: %s', async (_, args) => {
    const result = await build(args, { CI: 'true' })
    expect(result).toMatchObject({ code: 4, rustup: [] })
    expect(result.stderr).toMatch(/fix +rustup target add aarch64-unknown-linux-musl, or xbuild --yes/)
  })

  it('is not added by a plan', async () => {
    expect(await build(['plan', ...flags])).toMatchObject({ code: 0, rustup: [] })
  })

  it('that cannot be added is answered with something else than the command that failed', async () => {
    const result = await build(flags, {}, true)
    expect(result).toMatchObject({ code: 5 })
    expect(result.stderr).toMatch(/could not download file[\s\S]*fix +check the network/)
    expect(result.stderr).not.toMatch(/fix.*rustup target add/)
  })
})

describe('a question before something is installed', () => {
  const step = {
    title: 'Add x',
    command: { tool: 'rustup', args: ['target', 'add', 'x'], cwd: '/' },
    produces: [],
    installs: "Rust's standard library for x",
  }
  const plan = (installs: 'ask' | 'always' | 'never', prepare = [step]) =>
    ({ project: { root: '/app' }, compile: { prepare }, installs }) as const
  const { signal } = new AbortController()

  async function ask(answer: boolean, installs: 'ask' | 'always' = 'ask', prepare = [step]) {
    const asked: string[] = []
    const notes: string[] = []
    const recorder = { note: (_: string, text: string) => notes.push(text) } as unknown as Recorder
    const confirm = async (question: string) => asked.push(question) > 0 && answer
    const done = askToInstall(plan(installs, prepare), { confirm, recorder, signal })
    return { asked, notes, failure: await failureOf(done).catch(() => undefined) }
  }

  it('is asked where somebody can answer', async () => {
    expect(await ask(true)).toMatchObject({
      asked: ["Rust's standard library for x is missing. Run rustup target add x?"],
      failure: undefined,
    })
    const { failure } = await ask(false)
    expect(isFailure(failure, 'tool')).toBe(true)
    expect(failure).toMatchObject({ fix: 'rustup target add x, or xbuild --yes' })
  })

  it('is not asked with --yes, nor for a step that installs nothing', async () => {
    expect(await ask(false, 'always')).toMatchObject({ asked: [], failure: undefined })
    expect(await ask(false, 'ask', [])).toMatchObject({ asked: [], notes: [], failure: undefined })
    expect(() => checkInstalls(plan('never', []))).not.toThrow()
  })
})
