import { describe, expect, it } from 'vitest'
import {
  chooseCToolchain,
  type FoundCToolchains,
  findCToolchains,
  type Libc,
} from '../../../src/c-toolchains/index.ts'
import { isFailure } from '../../../src/errors.ts'
import { parsePlatform, parsePlatforms, platforms } from '../../../src/platforms.ts'

const none: FoundCToolchains = {
  commands: new Set(),
  hostArch: 'amd64',
  hostLibc: 'gnu' as const,
  pkgConfigSet: false,
}
const zig: FoundCToolchains = { ...none, zig: { command: ['zig'], version: '0.14.1' } }
const gcc: FoundCToolchains = { ...none, commands: new Set(['aarch64-linux-gnu-gcc', 'cc']) }
const both: FoundCToolchains = { ...gcc, ...zig, commands: gcc.commands }

function choose(
  platform: string,
  found: FoundCToolchains,
  more: { libcs?: readonly Libc[]; preference?: 'auto' | 'zig' | 'gcc'; glibc?: string } = {},
) {
  const { libcs = ['musl', 'gnu'], preference = 'auto', glibc } = more
  return chooseCToolchain({
    platform: parsePlatform(platform),
    libcs,
    preference,
    found,
    dependency: 'ring',
    glibc,
  })
}

function failure(call: () => unknown) {
  try {
    call()
  } catch (error) {
    if (isFailure(error, 'tool')) return error
    throw error
  }
  throw new Error('expected a failure')
}

describe('choosing a C toolchain', () => {
  it('prefers zig and musl', () => {
    expect(choose('arm64', both)).toMatchObject({
      name: 'zig',
      libc: 'musl',
      cc: ['zig', 'cc', '-target', 'aarch64-linux-musl', '-fno-sanitize=undefined'],
      ar: ['zig', 'ar'],
    })
  })

  it('takes the cross gcc where there is no zig', () => {
    expect(choose('arm64', gcc)).toMatchObject({
      name: 'gcc',
      libc: 'gnu',
      cc: ['aarch64-linux-gnu-gcc'],
      ar: ['aarch64-linux-gnu-ar'],
      env: { PKG_CONFIG_LIBDIR: '/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig' },
    })
  })

  it("takes the host's cc only for the host's architecture", () => {
    expect(choose('amd64', gcc)).toMatchObject({ name: 'host', cc: ['cc'] })
    expect(failure(() => choose('riscv64', gcc)).fix).toContain('apt-get install gcc-riscv64-linux-gnu')
  })

  it("takes the cc of a musl host for musl alone, and offers the host's packages", () => {
    const alpine: FoundCToolchains = { ...gcc, hostLibc: 'musl' }
    expect(choose('amd64', alpine)).toMatchObject({ name: 'host', libc: 'musl', cc: ['cc'] })
    expect(choose('amd64', alpine, { libcs: ['musl'] })).toMatchObject({ name: 'host', libc: 'musl' })
    expect(failure(() => choose('amd64', alpine, { libcs: ['gnu'] })).fix).toBe('pip install ziglang')
    const bare: FoundCToolchains = { ...none, hostLibc: 'musl' }
    expect(failure(() => choose('amd64', bare)).fix).toMatch(/\napk add gcc g\+\+ musl-dev$/)
    expect(failure(() => choose('arm64', bare)).fix).toBe('pip install ziglang')
  })

  it('takes no cc that makes programs for another system', async () => {
    const there = await findCToolchains('/', parsePlatforms(['amd64']), undefined, {}, 'darwin')
    expect(there.hostLibc).toBeUndefined()
    const mac: FoundCToolchains = { commands: gcc.commands, hostArch: 'amd64', pkgConfigSet: false }
    expect(failure(() => choose('amd64', mac)).fix).toBe('pip install ziglang')
  })

  it('passes the cpu of a variant on', () => {
    expect(choose('linux/amd64/v3', zig).cc).toContain('-mcpu=x86_64_v3')
    expect(choose('linux/amd64/v3', gcc).cc).toEqual(['cc', '-march=x86-64-v3'])
    expect(choose('linux/arm/v5', zig).cc).toEqual(
      expect.arrayContaining(['arm-linux-musleabi', '-mcpu=arm926ej_s']),
    )
  })

  it('obeys [c] toolchain', () => {
    expect(choose('arm64', both, { preference: 'gcc' }).name).toBe('gcc')
    expect(choose('arm64', both, { preference: 'zig' }).name).toBe('zig')
    const refused = failure(() => choose('arm64', gcc, { preference: 'zig' }))
    expect(refused.fix).toBe('pip install ziglang')
    expect(refused.why).toContain('[c] toolchain = "zig"')
  })

  it('leaves a glibc floor to zig', () => {
    expect(choose('arm64', both, { libcs: ['gnu'], glibc: '2.17' }).cc).toContain('aarch64-linux-gnu.2.17')
    expect(failure(() => choose('arm64', gcc, { libcs: ['gnu'], glibc: '2.17' })).fix).toBe(
      'pip install ziglang',
    )
  })

  it('leaves pkg-config alone where the user configured it', () => {
    expect(choose('arm64', { ...zig, pkgConfigSet: true }).env).toEqual({})
    expect(choose('arm64', zig).env).toEqual({ PKG_CONFIG_LIBDIR: '' })
  })

  it('names the dependency and both commands that would mend its absence', () => {
    const { why, fix } = failure(() => choose('arm64', none))
    expect(why).toContain('ring is or holds C code')
    expect(fix).toContain('pip install ziglang')
    expect(fix).toContain('apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross')
  })

  it("offers the plain gcc for the host's own architecture", () => {
    expect(failure(() => choose('amd64', none)).fix).toMatch(/\napt-get install gcc libc6-dev$/)
  })

  it('does not offer gcc where Debian has none, or where only musl will do', () => {
    expect(failure(() => choose('linux/arm/v6', none)).fix).toBe('pip install ziglang')
    expect(failure(() => choose('arm64', none, { libcs: ['musl'] })).fix).toBe('pip install ziglang')
  })

  it.each(platforms.map(platform => platform.id))('has zig for %s', id => {
    expect(choose(id, zig).cc[3]).toMatch(/^[a-z0-9_]+-linux-musl(abi64|eabi|eabihf)?$/)
  })
})
