import { describe, expect, test } from 'vitest'
import { readElf } from '../../../src/binary/elf.ts'
import { platforms } from '../../../src/platforms.ts'
import { buildElf, buildElfFor, type ElfOptions } from '../../support/elf-builder.ts'

const _ = (options: ElfOptions) => readElf(buildElf(options))

test.each(platforms)('reads back the header of $id', platform => {
  const { armFloat, ...identity } = platform.elf
  const facts = readElf(buildElfFor(platform))
  expect(facts).toMatchObject({ ...identity, type: 'exec', linkage: 'static', needed: [], stripped: false })
  expect(facts.armFloat).toBe(armFloat)
})

describe.each([
  { class: 32, endian: 'little' },
  { class: 32, endian: 'big' },
  { class: 64, endian: 'little' },
  { class: 64, endian: 'big' },
] as const)('$class-bit, $endian-endian', shape => {
  const dynamic = {
    ...shape,
    type: 'dyn',
    interpreter: '/lib/ld.so.1',
    needed: ['libssl.so.3', 'libc.so.6'],
    versions: { 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34'], 'libm.so.6': ['GLIBC_2.9'] },
    pie: true,
  } as const
  const expected = {
    ...shape,
    type: 'dyn',
    interpreter: '/lib/ld.so.1',
    needed: ['libssl.so.3', 'libc.so.6'],
    linkage: 'dynamic',
    glibc: '2.34',
  }
  test('reads the dynamic section', () => expect(_(dynamic)).toMatchObject({ ...expected, stripped: false }))
  test('needs no section headers for it', () =>
    expect(_({ ...dynamic, sections: false })).toMatchObject({ ...expected, stripped: true }))
  test.each([true, false])('reads Go build information, with sections: %s', sections =>
    expect(_({ ...shape, sections, go: { version: 'go1.26.8', settings: { GOARM: '6' } } }).go).toEqual({
      version: 'go1.26.8',
      settings: { GOARM: '6' },
    }),
  )
})

describe('linkage', () => {
  const interpreter = '/lib64/ld-linux-x86-64.so.2'
  test('static', () => expect(_({ type: 'exec' }).linkage).toBe('static'))
  test('static-pie', () => expect(_({ type: 'dyn', pie: true }).linkage).toBe('static-pie'))
  test('a program with libraries', () =>
    expect(_({ type: 'dyn', pie: true, interpreter, needed: ['libc.so.6'] }).linkage).toBe('dynamic'))
  test('a program with a loader only', () =>
    expect(_({ type: 'dyn', pie: true, interpreter }).linkage).toBe('dynamic'))
  test('a program with libraries only', () =>
    expect(_({ type: 'exec', needed: ['libc.so.6'] }).linkage).toBe('dynamic'))
  test('a shared library', () => expect(_({ type: 'dyn' }).linkage).toBe('dynamic'))
})

describe('symbol versions', () => {
  const glibc = (...names: string[]) => _({ versions: { 'libc.so.6': names } }).glibc
  test('by number, not by letter', () => expect(glibc('GLIBC_2.4', 'GLIBC_2.34', 'GLIBC_2.9')).toBe('2.34'))
  test('with three parts', () => expect(glibc('GLIBC_2.2.5', 'GLIBC_2.2')).toBe('2.2.5'))
  test('from any library', () =>
    expect(_({ versions: { 'libc.so.6': ['GLIBC_2.17'], 'libm.so.6': ['GLIBC_2.29'] } }).glibc).toBe('2.29'))
  test('a weak one does not count', () => expect(glibc('GLIBC_2.17', '?GLIBC_2.39')).toBe('2.17'))
  test('a private one does not count', () => expect(glibc('GLIBC_PRIVATE')).toBeUndefined())
  test('packed relocations came with 2.36', () =>
    expect(glibc('GLIBC_2.34', 'GLIBC_ABI_DT_RELR')).toBe('2.36'))
  test('libstdc++', () =>
    expect(
      _({ versions: { 'libstdc++.so.6': ['GLIBCXX_3.4.9', 'GLIBCXX_3.4.30', 'CXXABI_1.3'] } }).glibcxx,
    ).toBe('3.4.30'))
  test('none', () => expect(_({ needed: ['libc.so'] }).glibc).toBeUndefined())
})

describe('ARM float ABI', () => {
  const float = (flags: number, machine = 40) => _({ machine, class: 32, flags }).armFloat
  test('hard', () => expect(float(0x5000400)).toBe('hard'))
  test('soft', () => expect(float(0x5000200)).toBe('soft'))
  test('not stated, as Go links', () => expect(float(0x5000002)).toBeUndefined())
  test('not before EABI 5', () => expect(float(0x4000400)).toBeUndefined())
  test('of ARM only', () => expect(float(0x5000400, 62)).toBeUndefined())
  test('flags are unsigned', () => expect(_({ flags: 0x80000001 }).flags).toBe(0x80000001))
})

describe('Go build information', () => {
  const go = (info: NonNullable<ElfOptions['go']>) => _({ go: info }).go
  test('the main module and package', () =>
    expect(go({ version: 'go1.26.8', path: 'example.com/app' })).toEqual({
      version: 'go1.26.8',
      path: 'example.com/app',
      module: { path: 'example.com/app', version: '(devel)' },
      settings: {},
    }))
  test('quoted settings', () =>
    expect(
      go({ version: 'go1.26.8', settings: { '-ldflags': '-s -w -X "a=b"', x: 'y=z' } })?.settings,
    ).toEqual({
      '-ldflags': '-s -w -X "a=b"',
      x: 'y=z',
    }))
  test('no control characters reach the terminal', () =>
    expect(go({ version: 'go1\u001b[31m', settings: { GOARM: '6\u0007' } })).toEqual({
      version: 'go1 [31m',
      settings: { GOARM: '6 ' },
    }))
  test('longer than one byte of length', () =>
    expect(
      go({ version: 'go1.26.8', settings: { '-tags': 'x'.repeat(5000) } })?.settings['-tags'],
    ).toHaveLength(5000))
  test('of Go before 1.18 is recognised', () =>
    expect(go({ version: '', pointers: true })).toEqual({ version: 'go1.17 or older', settings: {} }))
  test('absent in other programs', () => expect(_({}).go).toBeUndefined())
})
