import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { matchesCfg, targetCfg } from '../../../../src/languages/rust/cargo-cfg.ts'
import { readCargoConfig, targetConfig } from '../../../../src/languages/rust/cargo-config.ts'

const musl = 'aarch64-unknown-linux-musl'

describe('cfg expressions', () => {
  it.each([
    ['cfg(unix)', true],
    ['cfg(windows)', false],
    ['cfg(target_os = "linux")', true],
    ['cfg(all(unix, target_arch = "aarch64"))', true],
    ['cfg(all(unix, target_arch = "x86_64"))', false],
    ['cfg(any(windows, target_env = "musl"))', true],
    ['cfg(not(target_env = "gnu"))', true],
    ['cfg(not(any(target_os = "macos", target_os = "linux")))', false],
    ['cfg(all())', true],
    ['cfg(any())', false],
    ['cfg(target_pointer_width = "64")', true],
    ['cfg(', true],
    ['cfg(all(', true],
  ])('%s', (expression, expected) => {
    expect(matchesCfg(expression, targetCfg(musl))).toBe(expected)
  })

  it('hold for no target where they are nested without end', () => {
    const negated = (times: number) => `cfg(${'not('.repeat(times)}unix${')'.repeat(times)})`
    expect(matchesCfg(negated(200), targetCfg(musl))).toBe(true)
    expect(matchesCfg(negated(100_000), targetCfg(musl))).toBe(false)
    expect(matchesCfg(`cfg(${'any(all('.repeat(100_000)}`, targetCfg(musl))).toBe(false)
  })

  it.each([
    [
      'armv7-unknown-linux-musleabihf',
      { target_arch: 'arm', target_env: 'musl', target_pointer_width: '32' },
    ],
    ['riscv64gc-unknown-linux-gnu', { target_arch: 'riscv64', target_env: 'gnu' }],
    ['s390x-unknown-linux-gnu', { target_arch: 's390x', target_endian: 'big' }],
    ['mips64el-unknown-linux-gnuabi64', { target_arch: 'mips64', target_endian: 'little' }],
  ])('knows %s', (triple, expected) => {
    expect(targetCfg(triple).values).toMatchObject(expected)
  })
})

describe('cargo configuration', () => {
  let root = ''
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'xbuild-cargo-')))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  async function write(path: string, text: string) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const read = (env: NodeJS.ProcessEnv = {}) =>
    readCargoConfig(join(root, 'dev/project'), { CARGO_HOME: join(root, 'home'), ...env })

  it('reads the hierarchy, nearest first', async () => {
    await write('dev/project/.cargo/config.toml', `[target.${musl}]\nlinker = "near"`)
    await write('dev/.cargo/config.toml', `[target.${musl}]\nlinker = "far"`)
    await write('home/config.toml', `[build]\nrustflags = "--cfg home"`)
    const files = await read()
    expect(files.map(file => file.path.slice(root.length))).toEqual([
      '/dev/project/.cargo/config.toml',
      '/dev/.cargo/config.toml',
      '/home/config.toml',
    ])
    expect(targetConfig(files, musl, {})).toEqual({
      linker: { value: 'near', source: join(root, 'dev/project/.cargo/config.toml') },
      ownRustflags: [],
      hiddenRustflags: ['--cfg', 'home'],
      flagSources: [{ source: join(root, 'home/config.toml'), flags: ['--cfg', 'home'] }],
      flagsAreString: false,
    })
  })

  it('takes a linker from the environment first, then a triple, then a cfg', async () => {
    await write(
      'dev/project/.cargo/config.toml',
      `[target.'cfg(unix)']\nlinker = "by-cfg"\n[target.'cfg(windows)']\nlinker = "never"`,
    )
    await write('home/config.toml', `[target.${musl}]\nlinker = "by-triple"`)
    const files = await read()
    expect(targetConfig(files, musl, {}).linker?.value).toBe('by-triple')
    expect(targetConfig(files, 'x86_64-unknown-linux-musl', {}).linker?.value).toBe('by-cfg')
    const env = { CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER: 'by-env' }
    expect(targetConfig(files, musl, env).linker?.value).toBe('by-env')
  })

  it('carries build.rustflags over unless a target has flags of its own', async () => {
    await write('dev/project/.cargo/config.toml', '[build]\nrustflags = ["--cfg", "near"]')
    await write('home/config.toml', `[build]\nrustflags = ["--cfg", "far"]`)
    const files = await read()
    expect(targetConfig(files, musl, {}).hiddenRustflags).toEqual(['--cfg', 'far', '--cfg', 'near'])
    await write(
      'dev/.cargo/config.toml',
      `[target.'cfg(target_os = "linux")']\nrustflags = ["-Copt-level=1"]`,
    )
    expect(targetConfig(await read(), musl, {}).hiddenRustflags).toEqual([])
    const env = { CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS: '--cfg env' }
    expect(targetConfig(files, musl, env)).toMatchObject({
      ownRustflags: ['--cfg', 'env'],
      hiddenRustflags: [],
    })
  })

  it('says where the flags of a target are, of every table that is for it', async () => {
    await write(
      'dev/project/.cargo/config.toml',
      `[target.${musl}]\nrustflags = ["-Ca=1"]\n[target.'cfg(unix)']\nrustflags = "-Cb=1"\n[target.'cfg(windows)']\nrustflags = ["-Cc"]\n[build]\nrustflags = ["-Cd"]`,
    )
    const own = 'CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUSTFLAGS'
    const source = join(root, 'dev/project/.cargo/config.toml')
    expect(targetConfig(await read(), musl, { [own]: '-Ce' }).flagSources).toEqual([
      { source: own, flags: ['-Ce'] },
      { source, flags: ['-Ca=1'] },
      { source, flags: ['-Cb=1'] },
    ])
    await write('dev/project/.cargo/config.toml', '')
    expect(targetConfig(await read(), musl, { CARGO_BUILD_RUSTFLAGS: '-Cf' }).flagSources).toContainEqual({
      source: 'CARGO_BUILD_RUSTFLAGS',
      flags: ['-Cf'],
    })
  })

  it('keeps an entry of a list whole, and splits a string at white space', async () => {
    await write('dev/project/.cargo/config.toml', `[build]\nrustflags = ["--cfg", 'feature="a b"']`)
    expect(targetConfig(await read(), musl, {}).hiddenRustflags).toEqual(['--cfg', 'feature="a b"'])
    await write('dev/project/.cargo/config.toml', `[target.${musl}]\nrustflags = "-Cdebuginfo=1\\t--cfg x"`)
    expect(targetConfig(await read(), musl, {})).toMatchObject({ hiddenRustflags: [], flagsAreString: true })
    await write('dev/project/.cargo/config.toml', '[build]\nrustflags = "-Cdebuginfo=1\\t--cfg  x"')
    expect(targetConfig(await read(), musl, {}).hiddenRustflags).toEqual(['-Cdebuginfo=1', '--cfg', 'x'])
  })

  it('follows include', async () => {
    await write(
      'dev/project/.cargo/config.toml',
      'include = ["a.toml", { path = "b.toml", optional = true }]',
    )
    await write('dev/project/.cargo/a.toml', `[target.${musl}]\nlinker = "a"`)
    await write('dev/project/.cargo/b.toml', `[target.${musl}]\nlinker = "b"`)
    expect(targetConfig(await read(), musl, {}).linker?.value).toBe('b')
  })

  it('refuses a file that is not TOML', async () => {
    await write('dev/project/.cargo/config.toml', '[target')
    await expect(read()).rejects.toMatchObject({
      kind: 'project',
      what: expect.stringContaining('config.toml'),
    })
  })
})
