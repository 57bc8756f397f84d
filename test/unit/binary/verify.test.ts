import { describe, expect, test } from 'vitest'
import { readElf } from '../../../src/binary/elf.ts'
import { checkBinary, checkGlibc, findMismatches } from '../../../src/binary/verify.ts'
import { Failure } from '../../../src/errors.ts'
import { parsePlatform, platforms } from '../../../src/platforms.ts'
import { buildElf, buildElfFor, type ElfOptions } from '../../support/elf-builder.ts'

const _ = (platform: string, options: ElfOptions) =>
  findMismatches(readElf(buildElf(options)), parsePlatform(platform))
const texts = (platform: string, options: ElfOptions) => _(platform, options).map(({ text }) => text)
const go = (settings: Record<string, string>) => ({ version: 'go1.26.8', settings })

describe.each(platforms)('a binary for $id', platform => {
  const plain = readElf(buildElfFor(platform))
  const byGo = readElf(buildElfFor(platform, { goSettings: true }))
  test('is right there', () => {
    expect(findMismatches(plain, platform)).toEqual([])
    expect(findMismatches(byGo, platform)).toEqual([])
  })
  test.each(platforms.filter(({ arch }) => arch !== platform.arch))('is wrong on $id', other => {
    expect(findMismatches(plain, other)).not.toEqual([])
    expect(findMismatches(byGo, other)).not.toEqual([])
  })
  test.each(platforms.filter(other => other.arch === platform.arch && other !== platform))(
    'is told from one for $id by what Go recorded',
    other => expect(findMismatches(byGo, other)).toHaveLength(1),
  )
})

test('a binary that needs a newer glibc than it must run on is refused', () => {
  const check = (glibc: string | undefined) =>
    checkGlibc(
      { ...readElf(buildElf({})), ...(glibc !== undefined && { glibc }) },
      { oldest: '2.17', file: 'app' },
    )
  expect(() => check('2.34')).toThrow(
    expect.objectContaining({ kind: 'verification', where: 'app', what: expect.stringContaining('2.34') }),
  )
  for (const fine of ['2.17', '2.4', undefined]) expect(() => check(fine)).not.toThrow()
})

test('every mismatch is listed', () =>
  expect(texts('linux/s390x', { machine: 40, class: 32, type: 'rel', osabi: 9 })).toEqual([
    'machine: expected 22 (linux/s390x), found 40 (linux/arm/v7)',
    'class: expected 64-bit, found 32-bit',
    'byte order: expected big-endian, found little-endian',
    'operating system ABI: expected Linux, found 9',
    'file type: expected a program, found an object file that is not linked',
  ]))

describe('file type', () => {
  const type = (options: ElfOptions) => texts('linux/amd64', options)
  test('static', () => expect(type({ type: 'exec' })).toEqual([]))
  test('static-pie', () => expect(type({ type: 'dyn', pie: true })).toEqual([]))
  test('dynamic', () => expect(type({ type: 'dyn', interpreter: '/lib64/ld-linux-x86-64.so.2' })).toEqual([]))
  test('a library', () =>
    expect(type({ type: 'dyn' })).toEqual(['file type: expected a program, found a shared library']))
  test.each<ElfOptions>([
    { type: 'dyn', pie: true, needed: ['libz.so.1'] },
    { type: 'exec', needed: ['libz.so.1'] },
  ])('a program that needs a library and names no loader, $type', options => {
    expect(type(options)).toEqual([
      'libraries: expected none, or a program loader that finds them, found libz.so.1 and no program loader',
    ])
    expect(() => checkBinary(readElf(buildElf(options)), parsePlatform('amd64'), 'app')).toThrow(
      expect.objectContaining({ fix: expect.stringMatching(/^compile libz\.so\.1 into .*ziglang/) }),
    )
  })
  test('a library with libraries is still one', () =>
    expect(type({ type: 'dyn', needed: ['libc.so.6'] })).toEqual([
      'file type: expected a program, found a shared library',
    ]))
  test('a core dump', () =>
    expect(type({ type: 'core' })).toEqual(['file type: expected a program, found a core dump']))
})

describe('ARM float ABI', () => {
  const arm = { machine: 40, class: 32 } as const
  const [soft, hard] = [0x5000200, 0x5000400]
  test('hard on v7', () => expect(texts('linux/arm/v7', { ...arm, flags: hard })).toEqual([]))
  test('soft on v5', () => expect(texts('linux/arm/v5', { ...arm, flags: soft })).toEqual([]))
  test('hard on v5 does not run', () =>
    expect(_('linux/arm/v5', { ...arm, flags: hard })).toEqual([
      { text: 'float ABI: expected soft, found hard', runs: false },
    ]))
  test('static soft on v7 runs', () => expect(_('linux/arm/v7', { ...arm, flags: soft })[0]?.runs).toBe(true))
  test('dynamic soft on v7 finds no loader', () =>
    expect(_('linux/arm/v7', { ...arm, flags: soft, interpreter: '/lib/ld-linux.so.3' })).toEqual([
      { text: 'float ABI: expected hard, found soft', runs: false },
      { text: 'program loader: expected /lib/ld-linux-armhf.so.3, found /lib/ld-linux.so.3', runs: false },
    ]))
  test('is not asked of Go', () =>
    expect(texts('linux/arm/v6', { ...arm, flags: soft, go: go({ GOARM: '6' }) })).toEqual([]))
  test('but its loader is', () =>
    expect(
      texts('linux/arm/v7', { ...arm, interpreter: '/lib/ld-linux.so.3', go: go({ GOARM: '7' }) }),
    ).toEqual(['program loader: expected /lib/ld-linux-armhf.so.3, found /lib/ld-linux.so.3']))
})

describe('what Go recorded', () => {
  const runs = (platform: string, settings: Record<string, string>) =>
    _(platform, { ...parsePlatform(platform).elf, go: go(settings) }).map(({ text, runs }) => [text, runs])
  test('a level above the platform does not run', () =>
    expect(runs('linux/amd64', { GOAMD64: 'v3' })).toEqual([['GOAMD64: expected v1, found v3', false]]))
  test('one below does', () =>
    expect(runs('linux/amd64/v3', { GOAMD64: 'v1' })).toEqual([['GOAMD64: expected v3, found v1', true]]))
  test('GOARM', () =>
    expect(runs('linux/arm/v6', { GOARM: '7' })).toEqual([['GOARM: expected 6, found 7', false]]))
  test('GOARM with software floating point', () =>
    expect(runs('linux/arm/v7', { GOARM: '7,softfloat' })).toEqual([
      ['GOARM: expected 7, found 7,softfloat', true],
    ]))
  test('GOARM64', () =>
    expect(runs('linux/arm64', { GOARM64: 'v9.0' })).toEqual([['GOARM64: expected v8.0, found v9.0', false]]))
  test('GOARM64 with an extension', () =>
    expect(runs('linux/arm64', { GOARM64: 'v8.0,lse' })).toEqual([
      ['GOARM64: expected v8.0, found v8.0,lse', false],
    ]))
  test('GO386', () =>
    expect(runs('linux/386', { GO386: 'softfloat' })).toEqual([
      ['GO386: expected sse2, found softfloat', true],
    ]))
  test('GOMIPS64', () =>
    expect(runs('linux/mips64le', { GOMIPS64: 'softfloat' })).toEqual([
      ['GOMIPS64: expected hardfloat, found softfloat', true],
    ]))
  test('GORISCV64', () =>
    expect(runs('linux/riscv64', { GORISCV64: 'rva22u64' })).toEqual([
      ['GORISCV64: expected rva20u64, found rva22u64', false],
    ]))
  test('GOOS', () =>
    expect(runs('linux/amd64', { GOOS: 'freebsd' })).toEqual([
      ['GOOS: expected linux, found freebsd', false],
    ]))
  test('what an older toolchain did not record is not asked for', () =>
    expect(runs('linux/arm64', {})).toEqual([]))
})

describe('checkBinary', () => {
  const failure = (platform: string, options: ElfOptions): Failure | undefined => {
    try {
      checkBinary(readElf(buildElf(options)), parsePlatform(platform), 'dist/linux_arm64/app')
    } catch (error) {
      if (error instanceof Failure) return error
      throw error
    }
    return undefined
  }
  test('lets a right binary pass', () => expect(failure('linux/amd64', {})).toBeUndefined())
  test('says what, where, why and how to mend it', () =>
    expect(failure('linux/arm64', { machine: 62 })).toMatchObject({
      kind: 'verification',
      what: 'The binary for linux/arm64 is not a linux/arm64 program',
      where: 'dist/linux_arm64/app',
      why: 'machine: expected 183 (linux/arm64), found 62 (linux/amd64)',
      fix: expect.stringContaining('--platform linux/amd64'),
    }))
  test('names the Go variables that decide', () =>
    expect(failure('linux/arm/v6', { machine: 40, class: 32, go: go({ GOARM: '7' }) })?.fix).toMatch(
      /GOARCH, GOARM /,
    ))
  test('asks for an executable instead of a library', () =>
    expect(failure('linux/amd64', { type: 'dyn' })?.fix).toMatch(/addExecutable/))
  test('of an architecture that no platform has', () =>
    expect(failure('linux/amd64', { machine: 2, endian: 'big' })?.why).toContain(
      'found 2 (64-bit, big-endian)',
    ))
})
