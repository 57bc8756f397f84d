import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { loadConfig, parseConfig } from '../../../src/config/load.ts'

const parse = (text: string) => parseConfig(text, 'xbuild.toml')
const fails = (text: string, details: object) =>
  expect(parse(text)).rejects.toMatchObject({ kind: 'usage', ...details })

describe('xbuild.toml', () => {
  it('has defaults for all of it', async () => {
    expect(await parse('')).toMatchObject({
      dist: 'dist',
      image: {},
      images: {},
      go: { cgo: 'auto', tags: [], env: {} },
      rust: { libc: 'musl', profile: 'release' },
      zig: { release: 'safe' },
      c: { toolchain: 'auto' },
    })
  })

  it('reads every table', async () => {
    const text = [
      'platforms = ["linux/amd64"]',
      '[image]\nports = [80, "53/udp"]\n[[image.files]]\nfrom = "a"\nto = "/b"',
      '[images.web]\nbin = "server"\n[images.web.env]\nA = "1"',
      '[go]\ncgo = false\ntags = ["x"]',
    ].join('\n')
    expect(await parse(text)).toMatchObject({
      platforms: ['linux/amd64'],
      image: { ports: [80, '53/udp'], files: [{ from: 'a', to: '/b' }] },
      images: { web: { bin: 'server', env: { A: '1' } } },
      go: { cgo: false, tags: ['x'] },
    })
  })

  test.each([
    ['[imag]', 'imag: unknown key; did you mean image?'],
    ['platform = ["linux/amd64"]', 'platform: unknown key; did you mean platforms?'],
    ['[image]\ntag = ["a"]', 'image.tag: unknown key; did you mean tags?'],
    ['[images.web]\nlables = {}', 'images.web.lables: unknown key; did you mean labels?'],
    [
      '[[image.files]]\nfrom = "a"\nto = "/b"\nmod = "1"',
      'image.files.0.mod: unknown key; did you mean mode?',
    ],
    ['[rust]\nfeature = ["x"]', 'rust.feature: unknown key; did you mean features?'],
    [
      '[go]\nqqqqqqqq = 1',
      'go.qqqqqqqq: unknown key (known: tags, ldflags, vars, env, cgo, platform, program)',
    ],
    [
      '[platforms."linux/arm/v7"]\ntags = ["x"]',
      'platforms: what one platform has of its own is in [go.platform."linux/arm/v7"], [rust.platform."linux/arm/v7"], [zig.platform."linux/arm/v7"], by the language',
    ],
    [
      '[platform."linux/arm/v7"]\ntags = ["x"]',
      'platform: what one platform has of its own is in [go.platform."linux/arm/v7"]',
    ],
    [
      '[go.platform."linux/arn64"]',
      'go.platform.linux/arn64: expected a platform that xbuild builds for (did you mean linux/arm64?), but found "linux/arn64"',
    ],
    [
      '[rust.platform."linux/armv7"]\n[rust.platform."linux/arm/v7"]',
      'rust.platform: expected one table for each platform (linux/arm/v7 is linux/arm/v7)',
    ],
    [
      '[rust.platform."linux/arm64"]\nfeature = ["x"]',
      'rust.platform.linux/arm64.feature: unknown key; did you mean features?',
    ],
    ['[zig.platform."linux/arm64"]\ntarget = {}', 'zig.platform.linux/arm64.target: unknown key'],
    ['[go.program.web]\ntag = ["x"]', 'go.program.web.tag: unknown key; did you mean tags?'],
    [
      '[rust.program.web.platform."linux/arm64"]\nfeature = ["x"]',
      'rust.program.web.platform.linux/arm64.feature: unknown key; did you mean features?',
    ],
    [
      '[zig.program."cmd/web"]\nargs = []',
      'zig.program.cmd/web: expected the name of an executable, without its folder, but found "cmd/web"',
    ],
    [
      '[images.web.go]\ntags = ["x"]',
      'images.web.go: unknown key; what one program is compiled with is in [go.program.web]',
    ],
    ['platforms = "linux/amd64"', 'platforms: expected an array, but found "linux/amd64"'],
    ['[image]\nuser = 3', 'image.user: expected a string, but found 3'],
    [
      '[image]\nuser = "a string"\nports = ["Array", {}]',
      'image.ports.1: expected (a number | a string), but found a table',
    ],
    ['image = 3', 'image: expected a table, but found 3'],
    ['[image.healthcheck]\ntest = "curl"', 'image.healthcheck.test: expected an array, but found "curl"'],
    ['[image.healthcheck]\ntest = []', 'image.healthcheck.test: expected an item, but it is empty'],
    ['[image.healthcheck]\ntset = ["a"]', 'image.healthcheck.tset: unknown key; did you mean test?'],
    ['[image]\nhealthcheck = true', 'image.healthcheck: expected (false | a table), but found true'],
    ['[[image.files]]\nfrom = "a"', 'image.files.0.to is missing'],
    ['[build]\nbefore = [[]]', 'build.before.0: expected a command, such as ["npm", "ci"], but it is empty'],
    [
      '[build]\nbefore = ["npm ci"]',
      'build.before.0: expected a command as a list of words, ["npm", "ci"], or',
    ],
    ['[build]\nbefore = [{ arg = ["a"] }]', 'build.before.0.arg: unknown key; did you mean args?'],
    ['backend = "docker"', 'backend: expected ("auto" | "buildx" | "oci"), but found "docker"'],
    ['[image]\nonbuild = ["RUN x"]', 'image.onbuild: unknown key; ONBUILD is refused'],
    ['[image]\nexpose = [80]', 'image.expose: unknown key; ports is what EXPOSE says'],
    ['[images.web]\ncmd = ["x"]', 'images.web.cmd: unknown key; args is what CMD says'],
    ['CMD = ["x"]', 'CMD: unknown key; args is what CMD says'],
    ['[image]\nshell = ["sh"]', 'image.shell: unknown key; there is no SHELL'],
    ['[image]\ncopy = []', 'image.copy: unknown key; files is what COPY says'],
    ['[image]\nrun = "x"', 'image.run: unknown key; nothing runs in the image'],
    ['[image]\nvolume = ["/x"]', 'image.volume: unknown key; volumes is what VOLUME says'],
    ['[go]\ncmd = "x"', 'go.cmd: unknown key (known: '],
  ])('%j: %s', (text, why) =>
    fails(text, { why: expect.stringContaining(why), fix: expect.stringContaining('fix ') }),
  )

  test.each([
    ['tags = ["a"]', 'tags: unknown key; it belongs to [image] or [go]'],
    ['ldflags = "-s"', 'ldflags: unknown key; it belongs to [go]'],
    ['[go]\nprofile = "x"', 'go.profile: unknown key; it belongs to [rust]'],
    ['[image]\nplatforms = ["x"]', 'image.platforms: unknown key; it belongs to the top of the file'],
  ])('%j: %s', (text, why) => fails(text, { why: expect.stringContaining(why) }))

  test.each([
    ['[image]\nuser = "a\\u0000"', 'image.user'],
    ['[image]\nentrypoint = ["/a", "b\\u0000"]', 'image.entrypoint.1'],
    ['[image]\ntemplate = "\\u0000"', 'image.template'],
    ['[image.labels]\n"a\\u0000b" = "x"', 'image.labels."a\\u0000b"'],
    ['dist = "\\u0000"', 'dist'],
    ['[go]\ntags = ["\\u0000"]', 'go.tags.0'],
  ])('%j holds NUL', (text, name) => fails(text, { kind: 'usage', what: `${name} holds the character NUL` }))

  test.each([
    `a = ${'['.repeat(20_000)}`,
    `a = ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    `${'a.'.repeat(20_000)}a = 1`,
  ])('nesting without end is refused', text => fails(text, { kind: 'usage' }))

  it('reports every fault at once', () =>
    fails('[go]\ntag = []\n[image]\nuser = 1', {
      what: 'xbuild.toml has 2 mistakes',
      why: expect.stringMatching(/image\.user[\s\S]*go\.tag/),
    }))

  test.each([
    ['dist = "a"\n\n[image]\nlables = {}', 'xbuild.toml:4:1'],
    ['[[image.files]]\nfrom = "a"\nto = "/b"\n  mod = "1"', 'xbuild.toml:4:3'],
    ['[go]\ntags = ["a",\n  3]', 'xbuild.toml:3:3'],
    ['[image]\nuser = 1\n[go]\ntag = []', 'xbuild.toml:2:1\nxbuild.toml:4:1'],
    ['[[image.files]]\nfrom = "a"', 'xbuild.toml:1:9'],
  ])('%j has its mistake at %s', (text, where) => fails(text, { where }))

  it('says which of several mistakes is in which line, and the choice that was meant', () =>
    fails('backend = "buildkit"\n[rust]\nlibc = "mussl"', {
      why: expect.stringMatching(/^line 1: backend: .*\nline 3: rust.libc: .*; did you mean "musl"\?$/),
    }))

  test.each([
    ['a = ', 'xbuild.toml:1:5'],
    ['dist = "x"\n[image\n', 'xbuild.toml:2:7'],
    ['dist = "a"\ndist = "b"', 'xbuild.toml:2:1'],
    ['dist = "a', 'xbuild.toml:1:10'],
  ])('%j is a syntax error at %s', (text, where) =>
    fails(text, { where, what: 'xbuild.toml is not valid TOML' }),
  )

  test.each([
    '[__proto__]\nx = 1',
    '[images.__proto__]\nbin = "a"',
    '[go.env]\n__proto__ = "x"',
    'constructor = 1',
  ])('%j does no harm', async text => {
    await parse(text).catch(error => expect(error).toMatchObject({ kind: 'usage' }))
    expect(({} as Record<string, unknown>)['bin']).toBeUndefined()
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

describe('the file', () => {
  const inFolder = async (content: string | undefined, check: (dir: string) => Promise<void>) => {
    const dir = await mkdtemp(join(tmpdir(), 'config-test-'))
    try {
      if (content !== undefined) await writeFile(join(dir, 'xbuild.toml'), content)
      await check(dir)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }

  it('may be absent', () =>
    inFolder(undefined, async dir => expect(await loadConfig(dir)).toMatchObject({ dist: 'dist' })))

  it('is refused at ten megabytes, unread', () =>
    inFolder(`# ${'x'.repeat(10 * 1024 * 1024)}`, dir =>
      expect(loadConfig(dir)).rejects.toMatchObject({
        kind: 'usage',
        what: expect.stringContaining('is 10 MB'),
      }),
    ))
})
