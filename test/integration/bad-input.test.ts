import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { helloGo, project } from '../support/projects.ts'

/** Everything below is refused before a compiler runs, so the in-process backend stands for both. */
const refused = async (dir: string, args: readonly string[], code: number, message: RegExp) => {
  const result = await xbuild([...args, '--backend=oci'], { cwd: dir })
  expect(result.stderr).toMatch(message)
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).not.toMatch(/\n\s+at /)
  expect(await readdir(dir)).not.toContain('dist')
}

describe('flags', () => {
  test.each([
    [['--platfrom=linux/amd64'], /Unknown flag --platfrom; did you mean --platform\?/],
    [['--tga=x'], /did you mean --tag\?/],
    [['--markdown'], /Unknown flag --markdown\n.*it is a flag of xbuild bench/],
    [['bench', '--path=native'], /--path is now called --strategy\n.*fix +--strategy/],
    [['bench', '--row', 'cold'], /--row is now called --scenario\n.*fix +--scenario/],
    [['-z'], /Unknown flag -z\n/],
    [['.', 'x'], /Unexpected argument "x"/],
    [['plan', '--report=x'], /a flag of xbuild build, xbuild ci, not of xbuild plan/],
    [['--platform'], /--platform needs a value/],
    [['--push=yes'], /--push takes no value, but was given "yes"/],
    [['--platform=linux/amd46'], /did you mean linux\/amd64\?/],
    [['--platform=arm/v7'], /Unknown platform "arm\/v7"; did you mean linux\/arm\/v7\?/],
    [['--platform=-x'], /Unknown platform "-x"/],
    [['--platform=linux/amd64\nlinux/arm64'], /Unknown platform "linux\/amd64\\nlinux\/arm64"/],
    [['--platform=$(id)'], /Unknown platform "\$\(id\)"/],
    [['--backend=biuldx'], /--backend cannot be "biuldx"; did you mean buildx\?/],
    [['--lang=c'], /--lang cannot be "c"\n.*go, rust, zig/],
    [['-j0'], /-j 0 is not a number of processors/],
    [['-j', 'many'], /-j many is not a number of processors/],
    [['--push'], /--push needs a tag/],
    [['-o=-'], /-o "-" is no path/],
    [['--label=novalue'], /--label cannot be "novalue"/],
    [['--load'], /--load needs docker buildx/],
    [['--cache-to=type=gha'], /--cache-to needs docker buildx/],
    [['--', '-o', 'x'], /-o cannot be used after --\n.*xbuild passes it to go itself/],
    [['-j', '1e9'], /-j 1e9 is not a number of processors\n.*from 1 to/],
    [['-o', '-'], /-o cannot be "-"/],
    [['-o=dest=app.tar'], /-o dest=app\.tar has no type\n.*\n.*-o type=oci,dest=app\.tar/],
    [['--user=a:b:c'], /--user cannot be "a:b:c"\n *where +--user\n/],
    [['--user=1:99999999999'], /--user cannot be[\s\S]*at most 2147483647/],
    [['--tag=app:1 app:2'], /"app:1 app:2" is no image reference\n.*it is a list/],
    [['--bin=helo'], /There is no executable "helo"; did you mean hello\?/],
  ])('%j', async (args, message) => refused(await project(helloGo), args, 2, message))

  test('a base that is no file is refused before anything is compiled', async () => {
    const result = await xbuild(['--base=./nothere', '--backend=oci'], { cwd: await project(helloGo) })
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toMatch(/"\.\/nothere" is no image\n.*there is no such file/)
    expect(result.stderr).not.toContain('Compile')
  })

  test.each([
    '-x',
    'A/B',
    'a b',
    '$(touch pwned)',
    'a:',
    'a:-b',
    `a:${'x'.repeat(129)}`,
    'a@sha256:12',
    `${'a/'.repeat(200)}b`,
    '',
    'a//b',
    'host:x/a',
  ])('the tag %j', async tag => refused(await project(helloGo), [`--tag=${tag}`], 2, /^xbuild: /))

  it('given twice counts once, the last', async () => {
    const args = [
      'plan',
      '--json',
      '--backend=buildx',
      '--backend=oci',
      '-j=1',
      '-j=2',
      '--base=x',
      '--base=scratch',
    ]
    const { stdout } = await xbuild([...args, '-t=a', '-t=b'], { cwd: await project(helloGo) })
    expect(JSON.parse(stdout)).toMatchObject({
      images: [{ backend: 'oci', base: { reference: 'scratch' }, tags: ['a', 'b'] }],
    })
  })

  it('a tag with a digest', async () =>
    refused(await project(helloGo), [`--tag=a@sha256:${'0'.repeat(64)}`], 2, /has a digest/))

  it('a misspelt command', async () => {
    const result = await xbuild(['biuld'], { cwd: await project(helloGo) })
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('fix    xbuild build') })
  })
})

describe('xbuild.toml', () => {
  test.each([
    ['[imgae]\n', /imgae: unknown key; did you mean image\?/],
    ['a = [\n', /xbuild\.toml:2:1/],
    ['[image]\nports = [70000]', /ports cannot be "70000"|image\.ports/],
    ['[image]\nports = ["80/icmp"]', /ports cannot be "80\/icmp"/],
    ['[image]\nuser = "a b"', /user cannot be "a b"/],
    ['[image]\nuser = "0\\nRUN id"', /user cannot be/],
    ['[image]\nworkdir = "relative"', /workdir cannot be "relative"/],
    ['[image]\nworkdir = "/../../x"', /"\/\.\.\/\.\.\/x" cannot be a path in the image/],
    ['[image]\nworkdir = "/.wh.app"', /cannot be a path in the image/],
    ['[image]\nbase = "scratch"\nuser = "nonroot"', /no user "nonroot"/],
    ['[image.env]\n"A B" = "x"', /env cannot be "A B"/],
    ['[image]\ntemplate = "none"', /template .* cannot be read/],
    ['[image]\nannotations = ["x"]', /annotation/],
    [
      '[images.a]\nbin = "hello"\n[images.b]\nbin = "hello"\n[image]\ntags = ["x"]',
      /the same for several images/,
    ],
    ['[images."../../up"]\nbin = "hello"', /images\.\.\.\/\.\.\/up: expected an image name/],
    ['[images.-x]\nbin = "hello"', /expected an image name/],
    ['[rust]\nglibc = "new"', /rust\.glibc: expected a glibc version/],
    ['[images.web]\n', /There is no executable "web"/],
    ...['../x', 'rel', '/a/../b', '/a//b', '/.wh.x', '/a/.wh..wh..opq', '/a\\nb', '/a\\\\b', ''].map(
      to =>
        [`[[image.files]]\nfrom = "main.go"\nto = "${to}"`, /cannot be a path in the image/] as [
          string,
          RegExp,
        ],
    ),
    ['[[image.files]]\nfrom = "none.txt"\nto = "/a"', /none\.txt/],
    ['[[image.files]]\nfrom = "main.go"\nto = "/a"\nmode = "888"', /files\.mode cannot be "888"/],
  ])('%j', async (text, message) =>
    refused(await project({ ...helloGo, 'xbuild.toml': text }), [], 2, message),
  )

  it('a file that is a link out of the project', async () => {
    const dir = await project({ ...helloGo, 'xbuild.toml': '[[image.files]]\nfrom = "link"\nto = "/etc/x"' })
    await symlink('/etc/hostname', join(dir, 'link'))
    await refused(dir, [], 2, /outside the project/)
  })

  it('ten megabytes of it', async () =>
    refused(
      await project({ ...helloGo, 'xbuild.toml': `# ${'x'.repeat(10_000_000)}` }),
      [],
      2,
      /no configuration is larger than 1 MB/,
    ))
})

describe('projects', () => {
  const main = 'package main\n\nfunc main() {}\n'

  it('none', async () => refused(await project({ 'a.txt': '' }), [], 3, /no Go, Rust or Zig project/))
  it('two at once', async () =>
    refused(
      await project({ ...helloGo, 'Cargo.toml': '[package]' }),
      [],
      3,
      /xbuild --lang go[\s\S]*xbuild --lang rust/,
    ))
  it('a library', async () =>
    refused(await project({ 'go.mod': 'module x\n', 'x.go': 'package x\n' }), [], 3, /no executable/))
  it('several executables', async () =>
    refused(
      await project({ 'go.mod': 'module x\n', 'a/m.go': main, 'b/m.go': main }),
      [],
      3,
      /--bin a[\s\S]*--bin b/,
    ))
  it('a module that does not parse', async () =>
    refused(await project({ ...helloGo, 'go.mod': '<' }), [], 3, /go\.mod:1/))
  it('a program that imports what is not there', async () =>
    refused(
      await project({
        ...helloGo,
        'main.go': 'package main\n\nimport _ "example.com/hello/gone"\n\nfunc main() {}\n',
      }),
      [],
      3,
      /gone/,
    ))
})

describe('platforms and bases', () => {
  test.each([
    [['--platform=linux/386'], /static-debian13:nonroot has no image for linux\/386[\s\S]*--base builtin/],
    [['--platform=linux/amd64,linux/loong64'], /has no image for linux\/loong64/],
    [
      ['--platform=linux/riscv64', '--base=gcr.io/distroless/static-debian12:nonroot'],
      /--base gcr\.io\/distroless\/static-debian13:nonroot, which has/,
    ],
    [['--base=Upper/Case'], /./],
  ])('%j', async (args, message) => refused(await project(helloGo), args, 2, message))
})

describe('the environment', () => {
  test.each(['yesterday', '-1', '1e9', '1.5', '99999999999999'])('SOURCE_DATE_EPOCH=%s', async epoch => {
    const result = await xbuild(['--backend=oci'], {
      cwd: await project(helloGo),
      env: { SOURCE_DATE_EPOCH: epoch },
    })
    expect(result).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('SOURCE_DATE_EPOCH is'),
    })
  })

  it('no go', async () => {
    const result = await xbuild(['--backend=oci'], {
      cwd: await project(helloGo),
      env: { PATH: '/nonexistent' },
    })
    expect(result).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('go was not found on PATH'),
    })
  })

  it('a folder that nobody can write', async () => {
    const dir = await project({ ...helloGo, 'xbuild.toml': 'dist = "/dev/null/dist"' })
    const result = await xbuild(['--backend=oci', '--base=scratch'], { cwd: dir })
    expect(result).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('cannot be written'),
    })
  })

  it('a dist that is a file', async () => {
    const dir = await project({ ...helloGo, dist: 'a file' })
    const result = await xbuild(['--backend=oci', '--base=scratch'], { cwd: dir })
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('dist is a file') })
  })

  it('an unreadable folder is no project', async () => {
    const dir = await project({})
    await mkdir(join(dir, 'sub'))
    await writeFile(join(dir, 'file'), '')
    expect(await xbuild([join(dir, 'file')])).toMatchObject({ code: 2 })
    expect(await xbuild([join(dir, 'none')])).toMatchObject({ code: 2 })
  })
})
