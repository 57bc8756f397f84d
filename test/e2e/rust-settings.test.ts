import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, readdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from '../../src/build/report.ts'
import { compareVersions } from '../../src/util/versions.ts'
import { xbuild } from '../support/cli.ts'
import { project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rigEnvironment, rigValue } from '../support/rig.ts'

const minutes = (count: number) => count * 60_000

const manifest = `[package]
name = "app"
version = "1.0.0"
edition = "2021"
default-run = "app"
[features]
tls = []
[profile.dist]
inherits = "release"
debug-assertions = true
[[bin]]
name = "app"
path = "src/main.rs"
[[bin]]
name = "other"
path = "src/main.rs"
`
const lock = 'version = 3\n\n[[package]]\nname = "app"\nversion = "1.0.0"\n'
/** Says how it was compiled, so that a binary for any platform can be asked by looking for the words in it. */
const main = `static SAYS: [&str; 4] = [
    if cfg!(feature = "tls") { "tls is on" } else { "tls is off" },
    if cfg!(debug_assertions) { "profile is dist" } else { "profile is release" },
    if cfg!(mine) { "cfg is mine" } else { "cfg is not mine" },
    if cfg!(target_feature = "avx2") { "cpu has avx2" } else { "cpu is any" },
];
fn main() {
    println!("{}", SAYS.join(", "));
}
`
const app = { 'Cargo.toml': manifest, 'Cargo.lock': lock, 'src/main.rs': main }

function build(dir: string, args: readonly string[], env: Record<string, string> = {}) {
  const onRig = rigEnvironment()
  return xbuild(['--backend=oci', ...args], {
    cwd: dir,
    env: {
      ...onRig,
      PATH: [rigValue('XBUILD_RIG_RUST_BIN'), onRig['PATH']].join(delimiter),
      CARGO_TARGET_DIR: undefined,
      ...env,
    },
  })
}

describeWith(['rust'], 'a cargo project with settings of its own', () => {
  it(
    'is compiled with all of them, and not again where nothing changed',
    async () => {
      const dir = await project({
        ...app,
        '.cargo/config.toml': '[build]\nrustflags = ["--cfg", "mine"]\n',
        'xbuild.toml': '[rust]\nprofile = "dist"\nfeatures = ["tls"]\n',
      })
      const target = join(await temporaryFolder(), 'target')
      const args = ['--base=builtin', '--platform=linux/amd64,linux/amd64/v3,linux/arm64', '--json']
      const first = await build(dir, args, { CARGO_TARGET_DIR: target })
      expect(first).toMatchObject({ code: 0 })
      const { artifacts } = JSON.parse(first.stdout) as Report
      expect(artifacts.map(({ name, platform, cached }) => [name, platform, cached])).toEqual([
        ['app', 'linux/amd64', false],
        ['app', 'linux/arm64', false],
        ['app', 'linux/amd64/v3', false],
      ])
      for (const { platform, path } of artifacts) {
        const bytes = readFileSync(path, 'latin1')
        const cpu = platform === 'linux/amd64/v3' ? 'cpu has avx2' : 'cpu is any'
        for (const words of ['tls is on', 'profile is dist', 'cfg is mine', cpu])
          expect(bytes).toContain(words)
      }
      expect(existsSync(join(dir, 'target'))).toBe(false)
      expect(existsSync(join(target, 'aarch64-unknown-linux-musl/dist/app'))).toBe(true)

      const second = await build(dir, args, { CARGO_TARGET_DIR: target })
      const again = JSON.parse(second.stdout) as Report
      expect(again.artifacts.map(({ cached }) => cached)).toEqual([true, true, true])
      expect(again.images[0]?.digest).toBe((JSON.parse(first.stdout) as Report).images[0]?.digest)
    },
    minutes(10),
  )

  it(
    'has its one failing platform named, while the other is still compiled',
    async () => {
      const dir = await project({
        ...app,
        'src/main.rs': `#[cfg(target_arch = "aarch64")]\ncompile_error!("not for this machine");\n${main}`,
      })
      const result = await build(dir, ['--base=builtin', '--platform=linux/amd64,linux/arm64'])
      expect(result).toMatchObject({ code: 5, stdout: '' })
      expect(result.stderr).toContain('1 of 2 platforms did not compile: linux/arm64')
      expect(result.stderr).toContain('not for this machine')
      expect(result.stderr).toContain('(linux/amd64 compiled)')
    },
    minutes(10),
  )

  it('is refused with both ways out where the standard library of a platform is missing', async () => {
    const result = await build(await project(app), ['--base=builtin', '--platform=linux/amd64,linux/riscv64'])
    expect(result).toMatchObject({ code: 4, stdout: '' })
    expect(result.stderr).toContain('no standard library for linux/riscv64 with musl')
    expect(result.stderr).toContain('rustup target add riscv64gc-unknown-linux-musl')
    expect(result.stderr).toContain('apt-get install libstd-rust-dev:riscv64')
  })
})

describeWith(['rust', 'zig', 'registry', 'bases'], 'a program for an older glibc', () => {
  it(
    'needs none newer than was asked for, and goes on a base without what it does not need',
    async () => {
      const dir = await project({
        ...app,
        'xbuild.toml':
          `[image]\nregistry = "${rigValue('XBUILD_RIG_DISTROLESS')}"\n` +
          '[rust]\nlibc = "gnu"\nglibc = "2.28"\n',
      })
      const args = ['--platform=linux/amd64,linux/arm64', '--json']
      const result = await build(dir, args, { XBUILD_ZIG: rigValue('XBUILD_RIG_ZIG') })
      expect(result).toMatchObject({ code: 0 })
      const { artifacts, images } = JSON.parse(result.stdout) as Report
      for (const { elf } of artifacts)
        expect(compareVersions(elf.glibc ?? '0', '2.28')).toBeLessThanOrEqual(0)
      expect(artifacts.map(({ elf }) => elf.linkage)).toEqual(['dynamic', 'dynamic'])
      expect(images[0]?.base.family).toBe('base-nossl')
    },
    minutes(10),
  )

  it(
    'is refused where a linker of the user linked it against the glibc of this machine',
    async () => {
      const dir = await project({
        ...app,
        '.cargo/config.toml': '[target.x86_64-unknown-linux-gnu]\nlinker = "cc"\n',
        'xbuild.toml': '[rust]\nlibc = "gnu"\nglibc = "2.17"\n',
      })
      const result = await build(dir, ['--platform=linux/amd64', '--backend=oci', '--offline'])
      expect(result).toMatchObject({ code: 6, stdout: '' })
      expect(result.stderr).toMatch(/needs glibc 2\.\d+, and it must run on 2\.17/)
    },
    minutes(10),
  )
})

describeWith(['rust'], 'a read-only project', () => {
  it('is built to an -o elsewhere, by a user without a name', async () => {
    const dir = await project({
      'Cargo.toml': '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n',
      // As cargo writes it, for it writes any other anew.
      'Cargo.lock':
        '# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 4\n\n' +
        '[[package]]\nname = "app"\nversion = "1.0.0"\n',
      'src/main.rs': 'fn main() {}\n',
    })
    const out = await temporaryFolder()
    const uid = process.getuid?.() === 0 ? 54_321 : undefined
    if (uid !== undefined) await chown(out, uid, uid)
    await chmod(dir, 0o555)
    const args = ['--backend=oci', '--base=builtin', '--platform=linux/amd64', `-o=${out}/app.tar`]
    const result = await xbuild(args, {
      cwd: dir,
      env: {
        PATH: [rigValue('XBUILD_RIG_RUST_BIN'), process.env['PATH']].join(delimiter),
        ...{ HOME: undefined, XDG_CACHE_HOME: out, CARGO_HOME: join(out, 'cargo'), TMPDIR: out },
      },
      ...(uid !== undefined && { uid }),
    })
    expect(result, result.stderr).toMatchObject({ code: 0 })
    expect(await readdir(dir)).toEqual(['Cargo.lock', 'Cargo.toml', 'src'])
  })
})
