import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RustOptions } from '../../../../src/languages/rust/options.ts'
import { inspectRust } from '../../../../src/languages/rust/project.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { defaultOptions } from '../../../support/compile-request.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { type FakeTools, fakeTools, type Reply } from '../../../support/fake-tools.ts'
import { project } from '../../../support/projects.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** As a proxy of rustup: the first call installs the toolchain, and a second one must not come upon it. */
const proxy: NonNullable<Reply['script']> = async (call, { fs, path }) => {
  const [begun, done] = ['installing', 'installed'].map(name => path.join(call.cwd, name)) as [string, string]
  if (fs.existsSync(done)) return
  fs.mkdirSync(begun)
  await new Promise(resolve => setTimeout(resolve, 50))
  fs.renameSync(begun, done)
}

/** A project of one program, and a cargo and a rustc that describe it. */
async function room(versionReply: Partial<Reply> = {}, libdir = 'lib') {
  const dir = await project({
    'Cargo.lock': [
      'version = 3\n',
      '[[package]]\nname = "app"\nversion = "1.0.0"\ndependencies = [\n "cc",\n]\n',
      '[[package]]\nname = "cc"\nversion = "1.0.0"\nsource = "registry"\n',
    ].join('\n'),
    'rust-toolchain.toml': '[toolchain]\nchannel = "1.80.1"\n',
  })
  const metadata = {
    packages: [
      {
        id: 'app',
        name: 'app',
        version: '1.0.0',
        manifest_path: `${dir}/Cargo.toml`,
        features: {},
        targets: [{ name: 'app', kind: ['bin'] }],
      },
    ],
    workspace_members: ['app'],
    workspace_root: dir,
    target_directory: `${dir}/target`,
  }
  const fakes = await fakeTools({
    cargo: [
      { when: /^-V/, stdout: 'cargo 1.80.1 (376290515 2024-07-16)\n', script: proxy, ...versionReply },
      { when: /^metadata/, stdout: JSON.stringify(metadata), script: proxy },
      { when: /^tree/ },
    ],
    rustc: [
      { when: /^-vV/, stdout: 'rustc 1.80.1\nhost: x86_64-unknown-linux-gnu\n', script: proxy },
      { when: /^--print/, stdout: `${dir}/${libdir}\n` },
    ],
  })
  return { dir, fakes }
}

function inspect({ dir, fakes }: { dir: string; fakes: FakeTools }, rust: Partial<RustOptions> = {}) {
  vi.stubEnv('PATH', fakes.bin)
  const options = { ...defaultOptions, rust: { ...defaultOptions.rust, ...rust } }
  return inspectRust(dir, { options, platforms: parsePlatforms(['amd64,arm64']) })
}

describe('reading a cargo project', () => {
  it('lets rustup install the toolchain in one call before the others', async () => {
    const found = await inspect(await room())
    expect(found).toMatchObject({ cargoVersion: '1.80.1', toolchain: { version: '1.80.1' } })
  })

  it('fails where cargo does, in its words', async () => {
    const stderr = 'error: could not rename downloaded file\n'
    const failure = await failureOf(inspect(await room({ exitCode: 1, stderr })))
    expect(failure).toMatchObject({ kind: 'project', why: stderr.trim() })
    expect(failure.fix).toContain('`cargo -V` shows the same')
  })

  it('names a toolchain that is missing', async () => {
    const stderr = "error: toolchain '1.80.1-x86_64-unknown-linux-gnu' is not installed\n"
    const failure = await failureOf(inspect(await room({ exitCode: 1, stderr })))
    expect(failure).toMatchObject({
      kind: 'tool',
      fix: 'rustup toolchain install 1.80.1-x86_64-unknown-linux-gnu',
    })
  })

  it('has the environment of [rust] env in every call', async () => {
    const here = await room()
    const env = { RUSTUP_TOOLCHAIN: 'nightly', CARGO_HOME: '/other/cargo' }
    expect(await inspect(here, { env })).toMatchObject({ cargoHome: '/other/cargo' })
    const calls = await here.fakes.calls()
    expect(calls.map(({ args }) => args[0]).sort()).toEqual([
      ...['--print', '--print', '-V', '-vV', 'metadata'],
      'tree',
    ])
    for (const call of calls) expect(call.env).toMatchObject({ ...env, PWD: here.dir })
  })
})

describe('the linker next to rustc', () => {
  const libdir = 'rustlib/x86_64-unknown-linux-musl/lib'

  /** A toolchain with the standard library of musl, and a rust-lld that is this script. */
  async function withLinker(script: string) {
    const here = await room({}, libdir)
    const write = async (path: string, text: string) => {
      await mkdir(dirname(join(here.dir, path)), { recursive: true })
      await writeFile(join(here.dir, path), text, { mode: 0o755 })
    }
    await write(`${libdir}/libstd-1.rlib`, '')
    await write(`${libdir}/self-contained/crt1.o`, '')
    await write('rustlib/x86_64-unknown-linux-gnu/bin/rust-lld', script)
    return here
  }

  it('is taken where it starts', async () => {
    const { sysroot, cToolchains } = await inspect(
      await withLinker('#!/bin/sh\ntest "$*" = "-flavor gnu --version"\n'),
    )
    expect(sysroot).toMatchObject({ rustLld: true })
    expect(sysroot.rustLldProblem).toBeUndefined()
    expect(cToolchains).toBeUndefined()
  })

  const noLlvm =
    'rust-lld: error while loading shared libraries: libLLVM.so.19.1: cannot open shared object file'

  it.each([
    ['lacks a library', `#!/bin/sh\necho '${noLlvm}' >&2\nexit 127\n`, noLlvm],
    ['is for another libc', '#!/lib/ld-musl-nowhere.so.1\n', /another libc or processor/],
    ['says nothing', '#!/bin/sh\nexit 1\n', 'it ends with exit status 1'],
  ])('is not where it %s', async (_, script, problem) => {
    const project = await inspect(await withLinker(script))
    const said = typeof problem === 'string' ? problem : expect.stringMatching(problem)
    expect(project.sysroot).toMatchObject({ rustLld: false, rustLldProblem: said })
    expect(project.cToolchains).toBeDefined()
  })

  it('is not started where glibc is meant', async () => {
    const here = await withLinker('#!/bin/sh\nexit 1\n')
    expect((await inspect(here, { libc: 'gnu' })).sysroot.rustLldProblem).toBeUndefined()
  })
})
