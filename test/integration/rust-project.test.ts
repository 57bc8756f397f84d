import { access, chmod, mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { resolveOptions } from '../../src/config/options.ts'
import { inspectRust } from '../../src/languages/rust/project.ts'
import { parsePlatforms } from '../../src/platforms.ts'
import { run } from '../../src/process.ts'
import { xbuild } from '../support/cli.ts'
import { failureOf } from '../support/failure-of.ts'
import { needsTool } from '../support/needs-tool.ts'
import { example, project } from '../support/projects.ts'

beforeEach(context => needsTool(context, 'cargo'))

async function inspect(dir: string, toml = '') {
  if (toml) await writeFile(join(dir, 'xbuild.toml'), toml)
  const { language } = await resolveOptions({ dir }, {})
  return inspectRust(dir, { options: language, platforms: parsePlatforms(['linux/amd64', 'linux/arm64']) })
}

const manifest = (name: string, more = '') =>
  `[package]\nname = "${name}"\nversion = "1.2.3"\nedition = "2021"\n${more}`
const main = 'fn main() {}\n'
const lock = (name: string, more = '') =>
  `version = 3\n\n[[package]]\nname = "${name}"\nversion = "1.2.3"\n${more}`

describe('the programs of a package', () => {
  it('is its src/main.rs', async () => {
    const dir = await project({
      'Cargo.toml': manifest('hello'),
      'Cargo.lock': lock('hello'),
      'src/main.rs': main,
    })
    const found = await inspect(dir)
    expect(found).toMatchObject({
      executables: [{ name: 'hello', package: 'hello/hello' }],
      toolchain: { name: 'rustc', version: expect.stringMatching(/^1\.\d+\.\d+/) },
      version: '1.2.3',
      cCode: [],
      remarks: [],
      workspaceRoot: dir,
    })
    expect(found.targets.get('linux/arm64')?.triple).toBe('aarch64-unknown-linux-musl')
    expect((await inspect(dir, '[rust]\nlibc = "gnu"')).targets.get('linux/amd64')).toMatchObject({
      triple: 'x86_64-unknown-linux-gnu',
      std: 'installed',
    })
  })

  it('are its bins, default-run first in question', async () => {
    const dir = await project({
      'Cargo.toml': manifest('many', 'default-run = "b"\n'),
      'Cargo.lock': lock('many'),
      'src/bin/a.rs': main,
      'src/bin/b.rs': main,
      'src/lib.rs': '',
    })
    const found = await inspect(dir)
    expect(found.executables.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(found.defaultExecutable).toBe('b')
  })

  it('is the only one that its features allow, in question too', async () => {
    const bin = (name: string, more = '') => `[[bin]]\nname = "${name}"\npath = "src/main.rs"\n${more}`
    const dir = await project({
      'Cargo.toml': manifest(
        'some',
        `[features]\nx = []\n${bin('a')}${bin('b', 'required-features = ["x"]\n')}`,
      ),
      'Cargo.lock': lock('some'),
      'src/main.rs': main,
    })
    expect(await inspect(dir)).toMatchObject({
      defaultExecutable: 'a',
      remarks: [expect.stringContaining('b is left out')],
    })
    expect(await inspect(dir, '[rust]\nfeatures = ["x"]')).not.toHaveProperty('defaultExecutable')
  })

  it('are those of the workspace, the one left out by required-features with its reason', async () => {
    const dir = await example('rust-workspace')
    const found = await inspect(dir)
    expect(found.executables).toEqual([
      { name: 'api', package: 'api/api' },
      { name: 'report', package: 'report/report' },
      {
        name: 'report-verbose',
        package: 'report/report-verbose',
        problem: expect.stringContaining('features verbose'),
      },
    ])
    expect(found.remarks.join()).toContain('report-verbose is left out')
    expect((await inspect(join(dir, 'report'))).executables.map(({ name }) => name)).toEqual([
      'report',
      'report-verbose',
    ])
    const chosen = await inspect(dir, '[rust]\npackage = "report"\nfeatures = ["verbose"]')
    expect(chosen.executables.map(({ problem }) => problem)).toEqual([undefined, undefined])
  })
})

describe('a package that is named like one of its dependencies', () => {
  it('is named by its id, which cargo takes', async () => {
    const path = (name: string, folder: string) =>
      `[dependencies]\n${name} = { path = "${folder}", package = "tool" }\n`
    const dir = await project({
      'tool/Cargo.toml': `${manifest('tool', path('old', '../ext/tool'))}[workspace]\n`,
      'tool/src/main.rs': main,
      'ext/tool/Cargo.toml': `${manifest('tool').replace('1.2.3', '1.0.0')}[workspace]\n`,
      'ext/tool/src/lib.rs': '',
    })
    const folder = join(dir, 'tool')
    const { packageSpecs } = await inspect(folder)
    const spec = packageSpecs.get('tool') as string
    const cargo = (name: string) =>
      run({ tool: 'cargo', args: ['tree', '--offline', '-p', name], cwd: folder })
    expect((await cargo(spec)).ok).toBe(true)
    expect((await cargo('tool')).stderr).toContain('ambiguous')
  })
})

it('has the configuration above its own folder where it is reached by a link, as cargo reads it', async () => {
  const dir = await project({
    'big/.cargo/config.toml': '[build]\nrustflags = ["--cfg", "above"]\n',
    'big/app/Cargo.toml': manifest('app'),
    'big/app/src/main.rs': main,
  })
  await symlink(join(dir, 'big/app'), join(dir, 'app'))
  const { root, targets } = await inspect(join(dir, 'app'))
  expect(root).toBe(await realpath(join(dir, 'big/app')))
  for (const target of targets.values()) expect(target.hiddenRustflags).toEqual(['--cfg', 'above'])
})

describe('what only some projects have', () => {
  it('is C code, of the program that it is linked into', async () => {
    const { cCode, possibleCCode } = await inspect(await example('rust-workspace'))
    // Where the crates have been downloaded, it is certain.
    expect([...cCode, ...possibleCCode]).toEqual([
      { dependency: 'libmimalloc-sys', executables: ['api/api'] },
    ])
  })

  it('is a server without an allocator of its own', async () => {
    expect((await inspect(await example('rust-server'))).needsAllocator).toBe(true)
    expect((await inspect(await example('rust-workspace'))).needsAllocator).toBe(false)
  })

  it('is no Cargo.lock, which is said', async () => {
    const dependency = '[dependencies]\nserde = "1"\n'
    const dir = await project({ 'Cargo.toml': manifest('hello', dependency), 'src/main.rs': main })
    expect((await inspect(dir)).remarks.join()).toContain('no Cargo.lock')
    expect((await readdir(dir)).sort()).toEqual(['Cargo.toml', 'src'])
    await writeFile(join(dir, 'Cargo.toml'), manifest('hello'))
    expect((await inspect(dir)).remarks).toEqual([])
  })

  it("is a linker, a target folder and flags of the user's", async () => {
    const dir = await project({
      'Cargo.toml': manifest('hello'),
      'Cargo.lock': lock('hello'),
      'src/main.rs': main,
      '.cargo/config.toml':
        '[target.aarch64-unknown-linux-musl]\nlinker = "my-ld"\n[build]\ntarget-dir = "out"\nrustflags = ["--cfg", "mine"]\n',
    })
    const found = await inspect(dir)
    expect(found.targetDirectory).toBe(join(dir, 'out'))
    expect(found.targets.get('linux/arm64')).toMatchObject({
      linker: { value: 'my-ld' },
      hiddenRustflags: ['--cfg', 'mine'],
    })
    expect(found.targets.get('linux/amd64')?.linker).toBeUndefined()
    expect(found.remarks).toEqual([
      expect.stringContaining('names the linker for aarch64-unknown-linux-musl'),
    ])
  })
})

describe('a project that names programs to run in place of rustc', () => {
  it('is read without running them', async () => {
    const dir = await project({
      'Cargo.toml': manifest('hello', '[build-dependencies]\ncc = "1"\n'),
      'Cargo.lock': lock('hello', 'dependencies = [\n "cc",\n]\n'),
      'build.rs': main,
      'src/main.rs': main,
      'wrapper.sh': '#!/bin/sh\ntouch "$(dirname "$0")/ran"\nexec "$@"\n',
    })
    const wrapper = JSON.stringify(join(dir, 'wrapper.sh'))
    await chmod(join(dir, 'wrapper.sh'), 0o755)
    await mkdir(join(dir, '.cargo'))
    await writeFile(
      join(dir, '.cargo/config.toml'),
      `[build]\nrustc-wrapper = ${wrapper}\nrustc-workspace-wrapper = ${wrapper}\n` +
        `[target.x86_64-unknown-linux-musl]\nrunner = ${wrapper}\n`,
    )
    const found = await inspect(dir)
    expect(found.remarks.join()).toContain('rustc-wrapper')
    expect((await xbuild(['plan', '--platform=linux/amd64', dir])).stderr).not.toContain('bug in xbuild')
    await expect(access(join(dir, 'ran'))).rejects.toThrow()
  })
})

describe('a project that cannot be read', () => {
  it('is a Cargo.toml that is not TOML', async () => {
    const { kind, why } = await failureOf(inspect(await project({ 'Cargo.toml': '[package\n' })))
    expect(kind).toBe('project')
    expect(why).toContain('error')
  })

  it('is a workspace without the package that is asked for', async () => {
    const failure = await failureOf(inspect(await example('rust-workspace'), '[rust]\npackage = "apy"'))
    expect(failure).toMatchObject({ kind: 'usage', what: expect.stringContaining('did you mean api?') })
  })

  it('is a library', async () => {
    const dir = await project({ 'Cargo.toml': manifest('lib'), 'Cargo.lock': lock('lib'), 'src/lib.rs': '' })
    const result = await xbuild(['plan', dir])
    expect(result).toMatchObject({ code: 3 })
    expect(result.stderr).toContain('no executable')
  })
})
