import { spawn } from 'node:child_process'
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliPath, xbuild } from '../support/cli.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'

/** Every command, with arguments that let it do some of its work. */
const commands: readonly (readonly string[])[] = [
  ['build', '--backend=oci', '--base=scratch', '--platform=linux/amd64'],
  ['plan', '--json'],
  ['dockerfile'],
  ['verify', 'image.tar'],
  ['verify', 'registry.invalid/app:1'],
  ['merge', `registry.invalid/app@sha256:${'0'.repeat(64)}`, '--tag=registry.invalid/app:1'],
  ['push', 'image.tar', '--tag=registry.invalid/app:1'],
  ['bench', 'empty', '--strategy=native'],
  ['self-check'],
  ['cache'],
  ['update', '--base=scratch'],
  ['ci', 'matrix'],
  ['doctor', '--base=builtin'],
  ['lint', 'Dockerfile'],
  ['init', '--yes'],
  ['completion', 'bash'],
  ['man'],
]

interface Fault {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Shell commands before the program. */
  readonly before?: string
  /** Files of the project. */
  readonly files?: Readonly<Record<string, string>>
}

const nowhere = '/dev/null/nowhere'
const faults: Readonly<Record<string, Fault>> = {
  'no home': { env: { HOME: undefined, XDG_CACHE_HOME: undefined } },
  'a home that is a file': { env: { HOME: '/dev/null', XDG_CACHE_HOME: undefined } },
  'a cache folder that cannot be made': { env: { XDG_CACHE_HOME: nowhere } },
  'a TMPDIR that is not there': { env: { TMPDIR: '/nowhere/at/all' } },
  'a TMPDIR that is a file': { env: { TMPDIR: '/dev/null' } },
  'a working folder that was removed': { before: 'mkdir gone; cd gone; rmdir ../gone' },
  'stderr closed': { before: 'exec 2>&-' },
  'stderr full': { before: 'exec 2>/dev/full' },
  'stdout and stderr full': { before: 'exec >/dev/full 2>&1' },
  'too few files to start': { before: 'ulimit -n 24' },
  'few files': { before: 'ulimit -n 64' },
  'a proxy without scheme': { env: { HTTPS_PROXY: '127.0.0.1:1', HTTP_PROXY: '127.0.0.1:1' } },
  'a proxy with a bad password': { env: { HTTPS_PROXY: 'http://us er:p%zz@127.0.0.1:1' } },
  'no tool on PATH': { env: { PATH: '/nowhere' } },
  'a broken .last-build.json': {
    files: { 'dist/.last-build.json': '{"toolchain":"go 1.1","platforms":5,"binaries":7}' },
  },
  'a xbuild.toml nested without end': { files: { 'xbuild.toml': `a = ${'['.repeat(20_000)}` } },
}

const deep = 20_000
const helloRust = {
  'Cargo.toml': '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\n',
  'Cargo.lock': 'version = 3\n\n[[package]]\nname = "hello"\nversion = "1.0.0"\n',
  'src/main.rs': 'fn main() {}\n',
}
const cargoConfig = '.cargo/config.toml'
const manyIncludes = `include = [${'"more.toml", '.repeat(500)}]\n`

/** Files that a language reads, nested or linked without end; the project's other files are right. */
const nested: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a Cargo.toml': { ...helloRust, 'Cargo.toml': `${helloRust['Cargo.toml']}a = ${'['.repeat(deep)}` },
  'a Cargo.lock': { ...helloRust, 'Cargo.lock': `a = ${'['.repeat(deep)}${']'.repeat(deep)}\n` },
  'a cargo config': { ...helloRust, [cargoConfig]: `a = ${'{a='.repeat(deep)}` },
  'a cfg() of a cargo config': {
    ...helloRust,
    [cargoConfig]: `[target.'cfg(${'not('.repeat(deep)}unix${')'.repeat(deep)})']\nrustflags = ["-g"]\n`,
  },
  'a cfg() without an end': {
    ...helloRust,
    [cargoConfig]: `[target.'cfg(${'any(all('.repeat(deep)}']\nlinker = "x"\n`,
  },
  'a cargo config that includes itself': { ...helloRust, [cargoConfig]: 'include = ["config.toml"]\n' },
  'cargo configs that include each other, many times': {
    ...{ ...helloRust, [cargoConfig]: manyIncludes },
    ...{ '.cargo/more.toml': manyIncludes.replaceAll('more', 'most') },
    '.cargo/most.toml': manyIncludes,
  },
  'a chain of cargo configs': {
    ...{ ...helloRust, [cargoConfig]: 'include = ["0.toml"]\n' },
    ...Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`.cargo/${at}.toml`, `include = ["${at + 1}.toml"]\n`]),
    ),
  },
  'a rust-toolchain.toml': { ...helloRust, 'rust-toolchain.toml': `[toolchain]\na = ${'['.repeat(deep)}` },
  'a build.zig.zon': {
    'build.zig': 'b.addExecutable(.{ .name = "app" });\n',
    'build.zig.zon': `.{ .name = .app, .a = ${'.{ .a = '.repeat(deep)}`,
  },
  'a build.zig': { 'build.zig': `${'b.addExecutable(.{ .name = '.repeat(deep)}\n`, 'build.zig.zon': '.{}' },
  'a go.work': { ...helloGo, 'go.work': `go 1.21\nuse ${'( '.repeat(deep)}` },
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

function run(dir: string, args: readonly string[], { env, before }: Fault): Promise<Ended> {
  const child = spawn(
    '/bin/sh',
    ['-c', `${before ? `${before}; ` : ''}exec "$@"`, 'sh', process.execPath, cliPath, ...args],
    {
      cwd: dir,
      env: { ...process.env, XBUILD_BACKEND: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, output }))
  })
}

describe.each(Object.entries(faults))('%s', (_, fault) => {
  it.each(commands)('xbuild %s ends without a stack', async (...args) => {
    const dir = await project({
      ...helloGo,
      'image.tar': 'no archive',
      Dockerfile: 'FROM scratch\n',
      ...fault.files,
    })
    await mkdir(join(dir, 'empty'))
    await writeFile(join(dir, 'empty/file'), '')
    const { code, output } = await run(dir, args, fault)
    // 1 is a problem that doctor found.
    expect([0, ...(args[0] === 'doctor' ? [1] : []), 2, 3, 4, 5, 6, 7, 8], output).toContain(code)
    expect(output).not.toMatch(/\n\s+at |node:internal|a bug in xbuild/)
  })
})

describe.each(Object.entries(nested))('%s nested without end', (_, files) => {
  it.each([
    ['plan', '--json', '--backend=oci', '--base=scratch', '--platform=linux/amd64'],
    ['build', '--backend=oci', '--base=scratch', '--platform=linux/amd64'],
    ['doctor', '--base=builtin'],
  ])('xbuild %s ends without a stack', async (...args) => {
    const started = Date.now()
    const { code, output } = await run(await project(files), args, {})
    expect([0, 1, 2, 3, 4, 5], output).toContain(code)
    expect(output).not.toMatch(/\n\s+at (?!line)|node:internal|a bug in xbuild/)
    expect(Date.now() - started).toBeLessThan(60_000)
  })
})

it('says what is wrong with a file where cargo fails later, too', async () => {
  const slow = { script: () => new Promise<void>(resolve => setTimeout(resolve, 400)), exitCode: 1 }
  const fakes = await fakeTools({ cargo: slow, rustc: slow })
  const dir = await project(nested['a cargo config'] as Record<string, string>)
  const { code, output } = await run(dir, ['build', '--backend=oci'], { env: { PATH: fakes.path } })
  expect(code, output).toBe(3)
  expect(output).toMatch(/config\.toml is not valid TOML/)
  expect(output).not.toContain('a bug in xbuild')
})

it('walks through every command', async () => {
  const { output } = await run(await project({}), ['--help'], {})
  const named = [...output.matchAll(/^ {2}xbuild ([a-z]\S*)/gm)].map(([, name]) => name)
  expect(named.toSorted()).toEqual([...new Set(commands.map(([name]) => name))].toSorted())
})

it('builds from a read-only project to an -o elsewhere, as a user without a name', async () => {
  const dir = await project(helloGo)
  const out = await temporaryFolder()
  const uid = process.getuid?.() === 0 ? 54_321 : undefined
  if (uid !== undefined) await chown(out, uid, uid)
  // mkdtemp lets nobody else in
  await chmod(dir, 0o555)
  const result = await xbuild(
    ['--backend=oci', '--base=builtin', '--platform=linux/amd64', `-o=${out}/app.tar`],
    {
      cwd: dir,
      env: {
        HOME: undefined,
        XDG_CACHE_HOME: out,
        GOCACHE: `${out}/cache`,
        GOPATH: `${out}/go`,
        TMPDIR: out,
      },
      ...(uid !== undefined && { uid }),
    },
  )
  expect(result, result.stderr).toMatchObject({ code: 0 })
  expect(result.stderr).toContain('cannot be written: binaries and logs go to')
  expect(await readdir(dir)).toEqual(['go.mod', 'main.go'])
})

it.each([['--version'], ['-v'], ['--version', '--json'], ['--help']])(
  'xbuild %s into a full disk fails',
  async (...args) => {
    const full = await run(await project({}), args, { before: 'exec >/dev/full' })
    expect(full.code).toBe(2)
    expect(full.output).toContain('The result cannot be written')
    expect(full.output).not.toMatch(/\n\s+at /)
    const whole = await run(await project({}), args, {})
    expect(whole.code).toBe(0)
  },
)
