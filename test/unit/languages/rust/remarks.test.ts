import { describe, expect, it } from 'vitest'
import { describeMachineFlags } from '../../../../src/languages/rust/remarks.ts'
import { fits, toolchainRemarks } from '../../../../src/languages/rust/toolchain-file.ts'
import { parsePlatforms, platforms } from '../../../../src/platforms.ts'
import { hostArch } from '../../../../src/util/host-arch.ts'
import { project } from '../../../support/projects.ts'
import { rustTarget } from '../../../support/rust-project.ts'

describe('a pinned toolchain', () => {
  it.each([
    ['1.75.0', '1.75.0', true],
    ['1.75', '1.75.1', true],
    ['1.7', '1.75.1', false],
    ['1.75.0', '1.96.0', false],
    ['1.75.0-x86_64-unknown-linux-gnu', '1.75.0', true],
    ['1.75', '1.75.0-nightly', true],
    ['stable', '1.96.0', true],
    ['stable', '1.97.0-beta.2', false],
    ['beta', '1.97.0-beta.2', true],
    ['nightly-2026-01-01', '1.96.0', false],
    ['nightly', '1.98.0-nightly', true],
    ['my-fork', '1.96.0', true],
  ])('%s fits rustc %s: %s', (channel, release, expected) => {
    expect(fits(channel, release)).toBe(expected)
  })

  it.each([
    ['rust-toolchain.toml', '[toolchain]\nchannel = "1.75.0"\ntargets = ["x"]\n'],
    ['rust-toolchain', '1.75.0\n'],
  ])('that is not the one at hand is said: %s', async (name, text) => {
    const dir = await project({ [name]: text, 'sub/Cargo.toml': '' })
    const [remark] = await toolchainRemarks(`${dir}/sub`, '1.96.0', false)
    expect(remark).toBe(
      `${dir}/${name} asks for Rust 1.75.0, and this is 1.96.0: only rustup reads that file`,
    )
    expect((await toolchainRemarks(dir, '1.96.0', true)).join()).toContain('RUSTUP_TOOLCHAIN')
    expect(await toolchainRemarks(dir, '1.75.0', false)).toEqual([])
  })

  it('may name no channel', async () => {
    const dir = await project({ 'rust-toolchain.toml': '[toolchain]\npath = "/opt/rust"\n' })
    expect(await toolchainRemarks(dir, '1.96.0', false)).toEqual([])
  })
})

describe('flags that are for this machine', () => {
  const both = [
    ...platforms.filter(({ id, arch }) => arch === hostArch() && id.split('/').length === 2),
    ...parsePlatforms([hostArch() === 's390x' ? 'amd64' : 's390x']),
  ]
  const native = {
    flagSources: [
      { source: 'CARGO_BUILD_RUSTFLAGS', flags: ['-Copt-level=3'] },
      { source: '/home/me/.cargo/config.toml', flags: ['-C', 'target-cpu=native'] },
    ],
  }
  const targets = (changes: object) =>
    new Map(both.map(({ id, rust }) => [id, rustTarget(rust.gnu, changes)] as const))
  const say = (changes: object) =>
    describeMachineFlags({ env: {}, targets: targets({}), platforms: both, compilesC: true, ...changes })
  const [own, other] = [/for machines like this one$/, /may not compile or run with it$/]

  it.each([
    ['RUSTFLAGS', { environmentFlags: { variable: 'RUSTFLAGS', flags: ['-Ctarget-cpu=native'] } }],
    ['/home/me/.cargo/config.toml', { targets: targets(native) }],
    ['CFLAGS', { env: { CFLAGS: '-O2 -march=native' } }],
    ['CXXFLAGS', { env: { CXXFLAGS: '-mavx2' } }],
    ['LDFLAGS', { env: { LDFLAGS: '-L/usr/lib/x86_64-linux-gnu' } }],
  ])('are said for its own platform and for others: %s', (source, changes) => {
    const said = say(changes)
    expect(said).toEqual([expect.stringMatching(own), expect.stringMatching(other)])
    for (const remark of said) expect(remark.startsWith(`${source} has `)).toBe(true)
  })

  it('are not said where nothing heeds them', () => {
    expect(say({ env: { CFLAGS: '-march=native' }, compilesC: false })).toEqual([])
    expect(say({ env: { CFLAGS: '-O2 -Wall' } })).toEqual([])
    expect(say({ targets: targets(native), environmentFlags: { variable: 'RUSTFLAGS', flags: [] } })).toEqual(
      [],
    )
  })
})
