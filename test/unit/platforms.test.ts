import { describe, expect, it, test } from 'vitest'
import {
  findPlatform,
  parsePlatform,
  parsePlatforms,
  platformFolder,
  platforms,
  zigTarget,
} from '../../src/platforms.ts'
import { normalizePlatform } from '../../src/util/normalize-platform.ts'

/** The table as the toolchains' own documentation has it, written out a second time: a slip in one of the two shows. */
const expected: [
  id: string,
  go: string,
  gnu: string,
  musl: string,
  zig: string,
  debian: string | undefined,
][] = [
  [
    'linux/amd64',
    'amd64 v1',
    'x86_64-unknown-linux-gnu',
    'x86_64-unknown-linux-musl',
    'x86_64-linux-musl',
    'x86_64-linux-gnu',
  ],
  [
    'linux/amd64/v2',
    'amd64 v2',
    'x86_64-unknown-linux-gnu',
    'x86_64-unknown-linux-musl',
    'x86_64-linux-musl',
    'x86_64-linux-gnu',
  ],
  [
    'linux/amd64/v3',
    'amd64 v3',
    'x86_64-unknown-linux-gnu',
    'x86_64-unknown-linux-musl',
    'x86_64-linux-musl',
    'x86_64-linux-gnu',
  ],
  [
    'linux/arm64',
    'arm64 v8.0',
    'aarch64-unknown-linux-gnu',
    'aarch64-unknown-linux-musl',
    'aarch64-linux-musl',
    'aarch64-linux-gnu',
  ],
  [
    'linux/arm64/v9',
    'arm64 v9.0',
    'aarch64-unknown-linux-gnu',
    'aarch64-unknown-linux-musl',
    'aarch64-linux-musl',
    'aarch64-linux-gnu',
  ],
  [
    'linux/arm/v7',
    'arm 7',
    'armv7-unknown-linux-gnueabihf',
    'armv7-unknown-linux-musleabihf',
    'arm-linux-musleabihf',
    'arm-linux-gnueabihf',
  ],
  [
    'linux/arm/v6',
    'arm 6',
    'arm-unknown-linux-gnueabihf',
    'arm-unknown-linux-musleabihf',
    'arm-linux-musleabihf',
    undefined,
  ],
  [
    'linux/arm/v5',
    'arm 5',
    'armv5te-unknown-linux-gnueabi',
    'armv5te-unknown-linux-musleabi',
    'arm-linux-musleabi',
    'arm-linux-gnueabi',
  ],
  [
    'linux/386',
    '386 sse2',
    'i686-unknown-linux-gnu',
    'i686-unknown-linux-musl',
    'x86-linux-musl',
    'i686-linux-gnu',
  ],
  [
    'linux/riscv64',
    'riscv64 rva20u64',
    'riscv64gc-unknown-linux-gnu',
    'riscv64gc-unknown-linux-musl',
    'riscv64-linux-musl',
    'riscv64-linux-gnu',
  ],
  [
    'linux/ppc64le',
    'ppc64le power8',
    'powerpc64le-unknown-linux-gnu',
    'powerpc64le-unknown-linux-musl',
    'powerpc64le-linux-musl',
    'powerpc64le-linux-gnu',
  ],
  [
    'linux/s390x',
    's390x',
    's390x-unknown-linux-gnu',
    's390x-unknown-linux-musl',
    's390x-linux-musl',
    's390x-linux-gnu',
  ],
  [
    'linux/loong64',
    'loong64',
    'loongarch64-unknown-linux-gnu',
    'loongarch64-unknown-linux-musl',
    'loongarch64-linux-musl',
    'loongarch64-linux-gnu',
  ],
  [
    'linux/mips64le',
    'mips64le hardfloat',
    'mips64el-unknown-linux-gnuabi64',
    'mips64el-unknown-linux-muslabi64',
    'mips64el-linux-muslabi64',
    'mips64el-linux-gnuabi64',
  ],
]

describe('the platform table', () => {
  it('has these rows and no others', () => {
    expect(platforms.map(platform => platform.id)).toEqual(expected.map(([id]) => id))
  })

  test.each(expected)('%s has its name in every toolchain', (id, go, gnu, musl, zig, debian) => {
    const platform = parsePlatform(id)
    expect(Object.values(platform.go).join(' ')).toBe(go)
    expect(platform.rust.gnu).toBe(gnu)
    expect(platform.rust.musl).toBe(musl)
    expect(zigTarget(platform, 'musl')).toBe(zig)
    expect(platform.debian?.triplet).toBe(debian)
  })

  test.each(platforms.map(platform => [platform.id, platform] as const))(
    '%s is found again by its parts',
    (id, platform) => {
      expect([platform.os, platform.arch, platform.variant].filter(Boolean).join('/')).toBe(id)
      expect(findPlatform(platform.os, platform.arch, platform.variant)).toBe(platform)
      expect(parsePlatform(id)).toBe(platform)
    },
  )

  it('tells any two platforms apart in every toolchain by name, cpu or variable', () => {
    for (const name of ['go', 'rust', 'zig'] as const) {
      const names = platforms.map(platform => JSON.stringify(platform[name]))
      expect(new Set(names).size).toBe(platforms.length)
    }
    expect(new Set(platforms.map(platformFolder)).size).toBe(platforms.length)
  })

  test.each(platforms.filter(({ baseline }) => baseline))(
    '$id runs what its baseline runs',
    ({ baseline, arch }) => {
      expect(parsePlatform(baseline as string)).toMatchObject({ arch, id: `linux/${arch}` })
    },
  )
})

describe('spellings', () => {
  test.each([
    ['linux/amd64/v1', 'linux/amd64'],
    ['amd64', 'linux/amd64'],
    ['x86_64', 'linux/amd64'],
    ['linux/x86-64', 'linux/amd64'],
    ['linux/x86_64/v3', 'linux/amd64/v3'],
    ['LINUX/AMD64', 'linux/amd64'],
    ['i386', 'linux/386'],
    ['linux/i386/v1', 'linux/386'],
    ['aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/v8.0', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/aarch64/v8', 'linux/arm64'],
    ['linux/arm64/v9.0', 'linux/arm64/v9'],
    ['linux/arm64/9', 'linux/arm64/v9'],
    ['linux/arm64/9.0', 'linux/arm64/v9'],
    ['arm', 'linux/arm/v7'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/arm/5', 'linux/arm/v5'],
    ['armhf', 'linux/arm/v7'],
    ['linux/armhf/v6', 'linux/arm/v7'],
    ['armel', 'linux/arm/v6'],
  ])('%s is %s', (text, id) => expect(parsePlatform(text).id).toBe(id))

  test.each(platforms.map(({ id }) => id))('%s is in its normal form already', id => {
    const [os = '', arch = '', variant] = id.split('/')
    expect(normalizePlatform(os, arch, variant)).toBe(id)
  })

  it('keeps a list in order, each platform once', () => {
    expect(parsePlatforms(['arm64,linux/amd64', 'linux/arm64/v8']).map(({ id }) => id)).toEqual([
      'linux/arm64',
      'linux/amd64',
    ])
  })
})

describe('what is no platform', () => {
  test.each([
    ['linux/amd46', 'linux/amd64'],
    ['linux/arm64v8', 'linux/arm64'],
    ['linux/arm/v8', 'linux/arm/v7'],
    ['linux/risc64', 'linux/riscv64'],
  ])('%s: did you mean %s?', (text, suggestion) => {
    expect(() => parsePlatform(text)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        what: expect.stringContaining(`did you mean ${suggestion}?`),
      }),
    )
  })

  test.each([
    '',
    'linux/',
    'windows/amd64',
    'linux/amd64/v1/x',
    '-t',
    'linux/amd64\n',
    '$(id)',
    'linux/toString',
    '__proto__',
    'x'.repeat(300),
  ])('%j is refused, with the list', text =>
    expect(() => parsePlatform(text)).toThrow(
      expect.objectContaining({ kind: 'usage', why: expect.stringContaining('linux/amd64') }),
    ),
  )

  test.each([[[]], [['linux/amd64,']], [['']]])('the list %j is refused', texts => {
    expect(() => parsePlatforms(texts)).toThrow(expect.objectContaining({ kind: 'usage' }))
  })
})
