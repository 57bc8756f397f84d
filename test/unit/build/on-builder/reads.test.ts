import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import { adviseStage } from '../../../../src/build/on-builder/advise-stage.ts'
import { directivesOf, goReads } from '../../../../src/build/on-builder/reads/go.ts'
import { checkReads, isWithin } from '../../../../src/build/on-builder/reads/read-path.ts'
import { rustReads, unsentConfig } from '../../../../src/build/on-builder/reads/rust.ts'
import { zigReads } from '../../../../src/build/on-builder/reads/zig.ts'
import { temporaryFolder } from '../../../support/projects.ts'

afterEach(() => vi.unstubAllEnvs())

/** A folder with files, for a project in `app` of it. */
async function tree(files: Readonly<Record<string, string>>) {
  const top = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(top, name)), { recursive: true })
    await writeFile(join(top, name), text)
  }
  await mkdir(join(top, 'app'), { recursive: true })
  return { top, app: join(top, 'app') }
}

describe('what Go reads besides its module', () => {
  const goMod = 'module example.com/app\n\ngo 1.21\n'
  test.each<[string, Record<string, string>, string[], Record<string, string>, string[]]>([
    ['nothing', { 'app/go.mod': goMod }, [], {}, []],
    [
      'replacements by path, in a block and alone, quoted and not',
      {
        'app/go.mod': `${goMod}replace (\n\ta v1.0.0 => ../a // why\n\tb => "../b b"\n\tc => example.com/c v1.2.3\n)\nreplace d => ./d\n`,
      },
      [],
      {},
      ['a', 'b b', 'app/d'],
    ],
    [
      'no replacement where everything is vendored',
      { 'app/go.mod': `${goMod}replace a => ../a\n`, 'app/vendor/modules.txt': '' },
      [],
      {},
      [],
    ],
    [
      'replacements in spite of a vendor folder',
      { 'app/go.mod': `${goMod}replace a => ../a\n`, 'app/vendor/modules.txt': '' },
      ['-mod=mod'],
      {},
      ['a'],
    ],
    [
      'modules of the workspace above, and their replacements',
      {
        'go.work': 'go 1.21\n\nuse (\n\t./app\n\t../lib\n)\n\nreplace x => ../x\n',
        'app/go.mod': `${goMod}replace y => ../../y\n`,
      },
      [],
      {},
      ['go.work', 'app', '../lib', '../x', '../y'],
    ],
    [
      'the module above a package',
      { 'go.mod': 'module m\n\nreplace a => ../a\n' },
      [],
      { GOWORK: 'off' },
      ['../a'],
    ],
    [
      'files of GOFLAGS, and what the other go.mod replaces',
      { 'app/go.mod': goMod, 'other.mod': 'module example.com/app\n\nreplace a => ../a\n' },
      ['-pgo=../cpu.pprof'],
      { GOFLAGS: '-mod=mod -modfile=../other.mod' },
      ['a', 'other.mod', 'cpu.pprof'],
    ],
    [
      'what an overlay names',
      { 'app/go.mod': goMod, 'app/o.json': '{"Replace":{"main.go":"../gen/main.go","x.go":""}}' },
      ['-overlay', 'o.json', '-pgo=off'],
      {},
      ['app/o.json', 'gen/main.go'],
    ],
  ])('%s', async (_, files, args, env, found) => {
    for (const [name, value] of Object.entries({ GOWORK: '', GOFLAGS: '', ...env })) vi.stubEnv(name, value)
    const { top, app } = await tree(files)
    expect((await goReads(app, args)).map(({ path }) => path)).toEqual(found.map(name => join(top, name)))
  })

  it('follows GOWORK to a workspace elsewhere', async () => {
    const { top, app } = await tree({ 'app/go.mod': goMod, 'w/go.work': 'use ../app\n' })
    vi.stubEnv('GOWORK', join(top, 'w/go.work'))
    expect(await goReads(app, [])).toEqual([
      { path: join(top, 'w/go.work'), by: 'GOWORK' },
      { path: app, by: `use in ${top}/w/go.work` },
    ])
  })

  it('reads directives as go does', () =>
    expect(directivesOf('use ./a // b\nuse (\n"./b" // c\n// d\n\n./c\n)\ngo 1.22')).toEqual([
      ['use', './a'],
      ['use', './b'],
      ['use', './c'],
      ['go', '1.22'],
    ]))
})

describe('what cargo reads besides its package', () => {
  const cargo = (more: string) => `[package]\nname = "app"\n${more}`
  test.each<[string, Record<string, string>, string[]]>([
    [
      'dependencies by path of every kind, and theirs',
      {
        'app/Cargo.toml': cargo(
          '[dependencies]\na = { path = "../a" }\n[dev-dependencies]\nb = { path = "../b" }\n[target."cfg(unix)".build-dependencies]\nc = { path = "../c" }\n',
        ),
        'a/Cargo.toml':
          '[dependencies]\nd = { path = "../../d" }\n[dev-dependencies]\nt = { path = "../../t" }\n',
      },
      ['a', 'b', 'c', '../d'],
    ],
    [
      'patches and sources in odd places',
      {
        'app/Cargo.toml': cargo(
          'build = "../build.rs"\n[patch.crates-io]\np = { path = "../p" }\n[[bin]]\nname = "x"\npath = "../x.rs"\n',
        ),
      },
      ['p', 'x.rs', 'build.rs'],
    ],
    [
      'the workspace above, its members elsewhere and its dependencies',
      {
        'Cargo.toml':
          '[workspace]\nmembers = ["app", "../other/*"]\n[workspace.dependencies]\ne = { path = "../e" }\n',
        'app/Cargo.toml': cargo(''),
      },
      ['../e', 'app', '../other'],
    ],
    [
      'what configuration in a folder of the project names',
      {
        'app/Cargo.toml': cargo(''),
        'app/.cargo/config.toml': 'paths = ["../q"]\n[source.vendored]\ndirectory = "../vendor"\n',
      },
      ['q', 'vendor'],
    ],
  ])('%s', async (_, files, found) => {
    vi.stubEnv('CARGO_HOME', '/nowhere')
    const { top, app } = await tree(files)
    expect((await rustReads(app)).map(({ path }) => path)).toEqual(found.map(name => join(top, name)))
  })

  it('has configuration that is not sent: above, and in CARGO_HOME unless it is a secret', async () => {
    const { top, app } = await tree({
      '.cargo/config.toml': '[net]\nretry = 3\n',
      'home/config.toml': '[build]\njobs = 1\n[net]\nretry = 1\n',
      'app/.cargo/config.toml': '[net]\nretry = 2\n',
    })
    vi.stubEnv('CARGO_HOME', join(top, 'home'))
    expect(await unsentConfig(app, app, [])).toEqual([
      `${top}/.cargo/config.toml does not count on the builder ([net]): only ${app} is sent`,
      `${top}/home/config.toml does not count on the builder ([build], [net]): --secret id=cargo-config,src=${top}/home/config.toml gives it to cargo there`,
    ])
    expect(await unsentConfig(app, top, ['cargo-config'])).toEqual([])
  })
})

test('Zig reads packages by path, and those of these', async () => {
  const zon = (path: string) =>
    `.{ .name = .app, .dependencies = .{ .l = .{ .path = "${path}" }, .u = .{ .url = "https://x" } } }`
  const { top, app } = await tree({ 'app/build.zig.zon': zon('../lib'), 'lib/build.zig.zon': zon('../more') })
  expect(await zigReads(app)).toEqual([
    { path: join(top, 'lib'), by: join(app, 'build.zig.zon') },
    { path: join(top, 'more'), by: join(top, 'lib/build.zig.zon') },
  ])
})

describe('what a builder does not get', () => {
  it.each([
    ['/a', '/a', true],
    ['/a', '/a/..b', true],
    ['/a', '/ab', false],
    ['/a/b', '/a', false],
  ])('of %s: %s %j', (root, path, is) => expect(isWithin(root, path)).toBe(is))

  it('stops the build before anything is sent, links included', async () => {
    const { top, app } = await tree({ 'app/go.mod': '', 'lib/a.go': '' })
    await symlink('../lib', join(app, 'lib'))
    const by = 'replace in go.mod'
    await checkReads(app, [{ path: join(app, 'go.mod'), by }])
    await checkReads(top, [{ path: join(app, 'lib'), by }])
    await expect(checkReads(app, [{ path: join(top, 'lib'), by }])).rejects.toMatchObject({
      kind: 'usage',
      what: `The compile reads ${top}/lib, which the builder does not get`,
      where: by,
      why: `only ${app} is sent to it`,
      fix: expect.stringContaining('--compile-on host'),
    })
    await expect(checkReads(app, [{ path: join(app, 'lib'), by }])).rejects.toMatchObject({
      why: `it is a link to ${top}/lib, and only ${app} is sent to it`,
    })
  })

  it('is what the compiler missed, where this machine has it', async () => {
    const { top, app } = await tree({ 'app/main.rs': '', 'x.txt': '' })
    const stage = { image: '', dockerfile: '', ignore: '', command: { tool: '', args: [app], cwd: app } }
    const step = { command: { tool: 'cargo', args: [], cwd: app }, stage }
    const said = (path: string) =>
      `error: couldn't read \`${path}\`: No such file or directory (os error 2)\n --> ${app}/main.rs:1:1`
    expect(adviseStage(said('../x.txt'), step)).toBe(
      `--compile-on host: ${top}/x.txt is on this machine, and only ${app} is sent to the builder`,
    )
    expect(adviseStage(said('../y.txt'), step)).toBeUndefined()
    expect(adviseStage(said('../x.txt'), { ...step, stage: undefined } as never)).toBeUndefined()
    expect(adviseStage('main.rs: syntax error in ../x.txt', step)).toBeUndefined()
  })
})
