import { describe, expect, test } from 'vitest'
import {
  baseFor,
  checkBaseFloat,
  checkBasePlatforms,
  checkBaseServes,
  otherBases,
  predictBase,
} from '../../../src/base/choose.ts'
import {
  distrolessBase,
  distrolessFamilies,
  distrolessReference,
  knownBase,
} from '../../../src/base/known.ts'
import { readElf } from '../../../src/binary/elf.ts'
import { type ImageBinary, needs } from '../../../src/binary/needs.ts'
import { Failure } from '../../../src/errors.ts'
import { parsePlatform, parsePlatforms, platforms } from '../../../src/platforms.ts'
import { buildElf, type ElfOptions } from '../../support/elf-builder.ts'

const loader = '/lib64/ld-linux-x86-64.so.2'
const binary = (options: ElfOptions, platform = 'linux/amd64', name = 'app'): ImageBinary => ({
  name,
  platform: parsePlatform(platform),
  elf: readElf(buildElf(options)),
})
const glibc = (needed: string[], version = '2.34'): ElfOptions => ({
  type: 'dyn',
  pie: true,
  interpreter: loader,
  needed: [...needed, 'libc.so.6'],
  versions: { 'libc.so.6': [`GLIBC_${version}`] },
})
const glibcFor = (interpreter: string): ElfOptions => ({ ...glibc([]), interpreter })
const musl: ElfOptions = {
  type: 'dyn',
  pie: true,
  interpreter: '/lib/ld-musl-x86_64.so.1',
  needed: ['libc.so'],
}

function failure(act: () => unknown): Failure | undefined {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  return undefined
}

describe('needs', () => {
  const _ = (options: ElfOptions) => needs(readElf(buildElf(options)))
  test('nothing', () => expect(_({})).toEqual({ libc: 'none', libraries: [] }))
  test('nothing, static-pie', () => expect(_({ type: 'dyn', pie: true }).libc).toBe('none'))
  test('glibc', () =>
    expect(_(glibc(['libm.so.6', 'ld-linux-x86-64.so.2']))).toEqual({
      libc: 'glibc',
      libraries: ['libm.so.6', 'libc.so.6'],
      glibc: '2.34',
    }))
  test('glibc, for its loader alone', () =>
    expect(_({ type: 'dyn', interpreter: loader }).libc).toBe('glibc'))
  test('musl', () => expect(_(musl).libc).toBe('musl'))
  test('a loader of its own', () =>
    expect(_({ ...musl, interpreter: `/nix/store/abc-glibc${loader}` }).libc).toBe('unknown'))
})

describe('the smallest base that serves', () => {
  const family = (...binaries: ImageBinary[]) => baseFor(binaries).family
  test('a static binary', () => expect(family(binary({}))).toBe('static'))
  test('a static-pie binary', () => expect(family(binary({ type: 'dyn', pie: true }))).toBe('static'))
  test('glibc alone', () => expect(family(binary(glibc(['libm.so.6', 'libdl.so.2'])))).toBe('base-nossl'))
  test('OpenSSL', () => expect(family(binary(glibc(['libssl.so.3', 'libcrypto.so.3'])))).toBe('base'))
  test('zlib, in debian13', () => expect(family(binary(glibc(['libz.so.1'])))).toBe('base'))
  test('libgcc', () => expect(family(binary(glibc(['libgcc_s.so.1'])))).toBe('cc'))
  test('C++', () => expect(family(binary(glibc(['libstdc++.so.6', 'libgcc_s.so.1'])))).toBe('cc'))
  test('C++ and OpenSSL', () => expect(family(binary(glibc(['libstdc++.so.6', 'libssl.so.3'])))).toBe('cc'))
  test('the strongest need of several wins', () =>
    expect(
      baseFor([binary({}, 'linux/amd64'), binary(glibc(['libgcc_s.so.1']), 'linux/arm64', 'worker')]),
    ).toEqual({
      reference: 'gcr.io/distroless/cc-debian13:nonroot',
      family: 'cc',
      predicted: false,
      reason: 'worker for linux/arm64 needs libgcc_s.so.1',
    }))
  test('is of the mirror and release asked for', () =>
    expect(baseFor([binary({})], { registry: 'mirror.example/d', release: 'debian12' })).toMatchObject({
      reference: 'mirror.example/d/static-debian12:nonroot',
      reason: 'every binary is static',
    }))
})

describe('no base serves', () => {
  const why = (options: ElfOptions, release?: 'debian12') =>
    failure(() => baseFor([binary(options)], { release }))
  test('a musl program with a loader', () =>
    expect(why(musl)).toMatchObject({
      kind: 'verification',
      why: "app for linux/amd64 needs musl's program loader /lib/ld-musl-x86_64.so.1",
      fix: expect.stringMatching(/statically.*--base alpine/),
    }))
  test('a library that none holds', () =>
    expect(why(glibc(['libgcc_s.so.1', 'libatomic.so.1', 'libpq.so.5']))?.why).toBe(
      'app for linux/amd64 needs libatomic.so.1\napp for linux/amd64 needs libpq.so.5',
    ))
  test('a glibc that is too new', () =>
    expect(why(glibc([], '2.42'))?.why).toBe(
      'app for linux/amd64 needs glibc 2.42 or newer; the base has 2.41',
    ))
  test('one that only the newer release has, which is named', () =>
    expect(why(glibc([], '2.38'), 'debian12')).toMatchObject({
      why: 'app for linux/amd64 needs glibc 2.38 or newer; the base has 2.36',
      fix: expect.stringMatching(/^--base gcr\.io\/distroless\/base-nossl-debian13:nonroot\n/),
    }))
  test('a libstdc++ that is too new', () =>
    expect(
      why({ ...glibc(['libstdc++.so.6']), versions: { 'libstdc++.so.6': ['GLIBCXX_3.4.34'] } })?.why,
    ).toMatch(/GLIBCXX 3\.4\.34 or newer; the base has 3\.4\.33/))
  test('a loader of no distribution', () =>
    expect(why({ ...glibc([]), interpreter: '/nix/store/x/ld-linux-x86-64.so.2' })).toMatchObject({
      why: 'app for linux/amd64 needs the program loader /nix/store/x/ld-linux-x86-64.so.2',
      fix: expect.stringContaining('patchelf'),
    }))
})

describe('a chosen base', () => {
  const serves = (base: string, options: ElfOptions) =>
    failure(() => checkBaseServes(base, [binary(options)]))
  test.each(['scratch', 'builtin', 'gcr.io/distroless/static-debian12', 'cgr.dev/chainguard/static'])(
    '%s runs static binaries only',
    base => {
      expect(serves(base, {})).toBeUndefined()
      expect(serves(base, glibc([]))).toMatchObject({
        kind: 'verification',
        what: `The base image ${base} cannot run app`,
        why: `app for linux/amd64 needs glibc's program loader ${loader}`,
        fix: expect.stringContaining('--base gcr.io/distroless/base-nossl-debian13:nonroot'),
      })
    },
  )
  describe('Chainguard glibc-dynamic', () => {
    const base = 'cgr.dev/chainguard/glibc-dynamic:latest'
    test('runs C++, of any age', () =>
      expect(serves(base, glibc(['libstdc++.so.6', 'libgcc_s.so.1'], '2.99'))).toBeUndefined())
    test('has no OpenSSL', () => expect(serves(base, glibc(['libssl.so.3']))?.why).toMatch(/libssl\.so\.3$/))
    test('has two platforms', () => {
      expect(failure(() => checkBasePlatforms(base, [parsePlatform('linux/arm64')]))).toBeUndefined()
      expect(failure(() => checkBasePlatforms(base, [parsePlatform('linux/s390x')]))?.kind).toBe('usage')
    })
  })

  describe('chiselled Ubuntu', () => {
    const base = 'mcr.microsoft.com/dotnet/runtime-deps:8.0-jammy-chiseled'
    test('runs C++ and OpenSSL', () =>
      expect(serves(base, glibc(['libstdc++.so.6', 'libssl.so.3'], '2.35'))).toBeUndefined())
    test('is checked by its release', () => {
      expect(serves(base, glibc([], '2.36'))?.why).toMatch(/the base has 2\.35$/)
      const noble = 'mcr.microsoft.com/dotnet/runtime-deps:9.0-noble-chiseled-extra'
      expect(serves(noble, glibc([], '2.39'))).toBeUndefined()
    })
    test('has little else', () => expect(serves(base, glibc(['libpq.so.5']))?.why).toMatch(/libpq/))
    test('its other tags are not known', () =>
      expect(serves('mcr.microsoft.com/dotnet/runtime-deps:8.0-alpine', musl)).toBeUndefined())
  })

  test('alpine has no libgcc, but every name that musl itself has', () => {
    expect(serves('alpine:3.22', { ...musl, needed: ['libc.so', 'libpthread.so.0'] })).toBeUndefined()
    expect(serves('alpine:3.22', { ...musl, needed: ['libgcc_s.so.1'] })?.why).toMatch(
      /needs libgcc_s\.so\.1$/,
    )
  })

  test.each([
    ['alpine:3.22', true],
    ['docker.io/library/debian:13-slim', true],
    ['cgr.dev/chainguard/static', undefined],
    ['gcr.io/distroless/static-debian13:nonroot', undefined],
  ])('%s runs as root: %s', (base, root) => expect(knownBase(base).runsAsRoot).toBe(root))

  test('alpine runs musl programs', () => expect(serves('alpine:3.22', musl)).toBeUndefined())
  test('and no glibc programs', () => expect(serves('alpine:3.22', glibc([]))?.why).toMatch(/glibc/))
  test('debian is checked by its release', () => {
    expect(serves('debian:bookworm-slim', glibc(['libanything.so.7'], '2.36'))).toBeUndefined()
    expect(serves('debian:bookworm-slim', glibc([], '2.38'))?.why).toMatch(
      /2\.38 or newer; the base has 2\.36/,
    )
    expect(serves('docker.io/library/ubuntu:22.04', glibc([], '2.36'))?.why).toMatch(
      /2\.36 or newer; the base has 2\.35/,
    )
  })
  test('a mirror of distroless is known by its name', () =>
    expect(
      serves('mirror.example/team/base-debian12:nonroot@sha256:00', glibc(['libgcc_s.so.1']))?.fix,
    ).toMatch(/--base gcr\.io\/distroless\/cc-debian13:nonroot/))
  test.each(['ghcr.io/me/base:1', './layout', 'base.tar', '/static-debian13', 'debian:sid'])(
    '%s is not known and lets everything pass',
    base => expect(serves(base, glibc(['libanything.so.7'], '2.99'))).toBeUndefined(),
  )
})

describe('platforms of a base', () => {
  const _ = (base: string, ids: string, held?: string[]) =>
    failure(() => checkBasePlatforms(base, parsePlatforms([ids]), held))
  const debian12 = 'gcr.io/distroless/static-debian12:nonroot'
  const debian13 = 'gcr.io/distroless/static-debian13:nonroot'
  test('all that distroless has', () =>
    expect(
      _(debian13, 'linux/amd64,linux/arm64,linux/arm/v7,linux/s390x,linux/ppc64le,linux/riscv64'),
    ).toBeUndefined())
  test('a variant runs on its baseline', () =>
    expect(_(debian13, 'linux/amd64/v2,linux/amd64/v3,linux/arm64/v9')).toBeUndefined())
  test.each(['linux/386', 'linux/arm/v5', 'linux/arm/v6', 'linux/loong64', 'linux/mips64le'])(
    'never %s',
    id => {
      expect(_(debian13, `linux/amd64,${id}`)).toMatchObject({
        kind: 'usage',
        what: `${debian13} has no image for ${id}`,
        why: 'it has linux/amd64, linux/arm64, linux/arm/v7, linux/s390x, linux/ppc64le, linux/riscv64',
        fix: '--base builtin or --base scratch, which run static binaries on every platform\nor --platform linux/amd64',
      })
      expect(_('builtin', id)).toBeUndefined()
      expect(_('scratch', id)).toBeUndefined()
    },
  )
  test.each([
    ['linux/arm/v6', ['linux/arm/v5', 'linux/arm/v7']],
    ['linux/arm/v7', ['linux/arm/v5']],
    ['linux/amd64/v3', ['linux/amd64/v2']],
  ])('a lower variant serves %s', (id, held) => expect(_('debian', id, held)).toBeUndefined())
  test.each([
    ['linux/arm/v5', ['linux/arm/v6', 'linux/arm/v7']],
    ['linux/amd64', ['linux/amd64/v2']],
    ['linux/arm64', ['linux/arm/v7']],
  ])('a higher variant does not serve %s', (id, held) =>
    expect(_('debian', id, held)?.what).toBe(`debian has no image for ${id}`),
  )
  test('the newer release has riscv64', () =>
    expect(_(debian12, 'linux/riscv64')?.fix).toMatch(
      /^--base gcr\.io\/distroless\/static-debian13:nonroot, which has\n/,
    ))
  test('of an index that was read', () => {
    expect(_('ghcr.io/me/base', 'linux/s390x', ['linux/amd64', 'linux/s390x'])).toBeUndefined()
    expect(_('ghcr.io/me/base', 'linux/s390x', ['linux/amd64'])?.why).toBe('it has linux/amd64')
    expect(_(debian13, 'linux/riscv64', ['linux/amd64'])?.fix).not.toMatch(/which has/)
  })
  test('builtin and scratch have all', () =>
    expect(failure(() => checkBasePlatforms('builtin', platforms))).toBeUndefined())
  test('of a base that nothing is known of are not checked', () =>
    expect(_('ghcr.io/me/base', 'linux/386')).toBeUndefined())
})

describe('prediction', () => {
  const _ = (libc: 'none' | 'musl' | 'gnu' | 'unknown', cxx = false) =>
    predictBase({ libc, cxx, reason: 'because' })
  test.each([
    ['none', false, 'static'],
    ['musl', false, 'static'],
    ['unknown', false, 'static'],
    ['gnu', false, 'base-nossl'],
    ['gnu', true, 'cc'],
  ] as const)('%s, C++ %s: %s', (libc, cxx, family) =>
    expect(_(libc, cxx)).toMatchObject({ family, predicted: true }),
  )
  test('says what it does not know', () =>
    expect(_('unknown').reason).toBe('because; only a compile can tell'))
  test('is of the mirror', () =>
    expect(
      predictBase({ libc: 'none', cxx: false, reason: '' }, { registry: 'mirror.example/d' }).reference,
    ).toBe('mirror.example/d/static-debian13:nonroot'))
})

describe('references', () => {
  test.each([
    [{}, 'gcr.io/distroless/cc-debian13:nonroot'],
    [{ nonroot: false }, 'gcr.io/distroless/cc-debian13:latest'],
    [{ release: 'debian12' }, 'gcr.io/distroless/cc-debian12:nonroot'],
    [{ registry: 'localhost:5000/distroless' }, 'localhost:5000/distroless/cc-debian13:nonroot'],
  ] as const)('%j', (options, reference) => expect(distrolessReference('cc', options)).toBe(reference))

  test.each(distrolessFamilies)('%s is known by each of its references', family => {
    for (const release of ['debian12', 'debian13'] as const) {
      for (const registry of [undefined, 'localhost:5000/d', 'mirror.example']) {
        const base = distrolessBase(family, { release, registry })
        expect(knownBase(base.reference)).toEqual(base)
      }
    }
    expect(knownBase(`gcr.io/distroless/${family}`)).toMatchObject({ family })
    expect(knownBase(`gcr.io/distroless/${family}:debug@sha256:${'0'.repeat(64)}`)).toMatchObject({ family })
  })
  test('a name that only resembles one is not', () =>
    expect(knownBase('ghcr.io/me/not-static-debian13').family).toBe('other'))
})

describe('otherBases', () => {
  const _ = (...options: ElfOptions[]) => otherBases(options.map(option => binary(option)))
  test('of static binaries', () => expect(_({}, {})).toMatch(/^--base builtin .* or --base scratch,/))
  test('of glibc: the newest version that one needs, and every library', () =>
    expect(_({}, glibc(['libssl.so.3']), glibc(['libm.so.6'], '2.9'))).toBe(
      '--base IMAGE, any that has glibc 2.34 or newer: libssl.so.3, libc.so.6, libm.so.6',
    ))
  test('of musl', () => expect(_(musl)).toBe('--base IMAGE, any that has musl: libc.so'))
})

describe('a base for arm/v5, taken for arm/v6,', () => {
  const _ = (options: ElfOptions, held: string[], id = 'linux/arm/v6') =>
    failure(() => checkBaseFloat('debian', [binary(options, id)], held))
  const hard = glibcFor('/lib/ld-linux-armhf.so.3')
  const debian = ['linux/amd64', 'linux/arm/v5', 'linux/arm/v7']
  test('runs a static program', () => expect(_({}, debian)).toBeUndefined())
  test('has no loader for hard float', () =>
    expect(_(hard, debian)).toMatchObject({
      kind: 'verification',
      what: 'The base image debian cannot run app',
      why: "app for linux/arm/v6 needs /lib/ld-linux-armhf.so.3; the base's image for it is linux/arm/v5, of soft float",
    }))
  test('serves arm/v7 no better, where it is alone', () =>
    expect(_(hard, ['linux/arm/v5'], 'linux/arm/v7')?.kind).toBe('verification'))
  test('is not asked for where there is one for arm/v6 or arm/v7', () => {
    expect(_(hard, ['linux/arm/v5', 'linux/arm/v6'])).toBeUndefined()
    expect(_(hard, debian, 'linux/arm/v7')).toBeUndefined()
  })
  test('runs what was made for it', () =>
    expect(_(glibcFor('/lib/ld-linux.so.3'), debian, 'linux/arm/v5')).toBeUndefined())
})
