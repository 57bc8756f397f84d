import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type ElfFacts, readElf, readElfFile } from '../../../src/binary/elf.ts'
import { type Reader, UnreadableBinary } from '../../../src/binary/reader.ts'
import { buildElf } from '../../support/elf-builder.ts'

/** The facts, or undefined for an UnreadableBinary; anything else that is thrown fails the test. */
function attempt(source: Uint8Array | Reader): ElfFacts | undefined {
  try {
    return readElf(source)
  } catch (error) {
    if (error instanceof UnreadableBinary) return undefined
    throw error
  }
}

function why(source: Uint8Array | Reader): string | undefined {
  try {
    readElf(source)
  } catch (error) {
    if (error instanceof UnreadableBinary) return error.why
    throw error
  }
  return undefined
}

/** Keeps an account of what is read of a file that may be larger than memory: what `bytes` has not is zero. */
function accountingReader(
  bytes: Uint8Array,
  size: number,
): Reader & { readonly account: { bytes: number; largest: number } } {
  const account = { bytes: 0, largest: 0 }
  return {
    size,
    account,
    read(offset, length) {
      expect(offset + length).toBeLessThanOrEqual(size)
      account.bytes += length
      account.largest = Math.max(account.largest, length)
      const result = new Uint8Array(length)
      result.set(bytes.subarray(offset, offset + length))
      return result
    },
  }
}

const samples = ([32, 64] as const).flatMap(width =>
  (['little', 'big'] as const).flatMap(endian =>
    [true, false].map(sections =>
      buildElf({
        class: width,
        endian,
        sections,
        type: 'dyn',
        pie: true,
        interpreter: '/lib64/ld-linux-x86-64.so.2',
        needed: ['libgcc_s.so.1', 'libc.so.6'],
        versions: { 'libc.so.6': ['GLIBC_2.34', '?GLIBC_2.39'], 'libgcc_s.so.1': ['GCC_3.0'] },
        go: { version: 'go1.26.8', path: 'example.com/app', settings: { GOARM: '7' } },
      }),
    ),
  ),
)

describe('files that are no ELF files are named', () => {
  test.each<[string, string | number[]]>([
    ['the file is empty', ''],
    ['it is a script', '#!/bin/sh\n'],
    ['it is a Windows program', 'MZ\x90'],
    ['it is a macOS program', [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1]],
    ['it is a static library (ar archive)', '!<arch>\n/'],
    ['it is gzip data', [0x1f, 0x8b, 8]],
    ['it does not begin with the ELF magic number', 'hello world, this is text'],
    ['it is cut short: it has 4 bytes', '\x7fELF'],
    ['it is cut short: its header ends at byte 64, the file at 20', `\x7fELF\x02\x01\x01${'\0'.repeat(13)}`],
    [
      'its header has class 9, byte order 1 and version 1, which ELF has not',
      `\x7fELF\x09\x01\x01${'\0'.repeat(80)}`,
    ],
  ])('%s', (message, start) =>
    expect(why(typeof start === 'string' ? Buffer.from(start, 'latin1') : Uint8Array.from(start))).toBe(
      message,
    ),
  )
})

test('a file cut short at any length is refused', () => {
  for (const sample of samples) {
    expect(attempt(sample)).toBeDefined()
    for (let length = 0; length < sample.length; length++) {
      // Without section headers, up to 15 bytes of padding at the end are in no table.
      const needed = sample.length - 16
      const facts = attempt(sample.subarray(0, length))
      if (length < needed && facts)
        throw new Error(`${length} of ${sample.length} bytes were taken for a whole file`)
    }
  }
})

test('random bytes give facts or the typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), bytes => void attempt(bytes)),
    { numRuns: 500 },
  )
})

test('random bytes behind a valid start give facts or the typed error', () => {
  const start = fc.constantFrom([1, 1], [1, 2], [2, 1], [2, 2])
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 600 }), ([width, data], rest) => {
      attempt(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, width as number, data as number, 1, ...rest))
    }),
    { numRuns: 1000 },
  )
})

test('changed bytes give facts or the typed error', () => {
  const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)))
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(change, { minLength: 1, maxLength: 8 }),
      (sample, changes) => {
        const bytes = Uint8Array.from(sample)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const reader = accountingReader(bytes, bytes.length)
        attempt(reader)
        expect(reader.account.bytes).toBeLessThan(10_000_000)
      },
    ),
    { numRuns: 3000 },
  )
})

test('every single bit may flip', () => {
  for (const sample of samples) {
    for (let bit = 0; bit < sample.length * 8; bit += 1) {
      const bytes = Uint8Array.from(sample)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      attempt(bytes)
    }
  }
})

describe('tables that claim too much', () => {
  const terabyte = 2 ** 40
  /** The 64-bit little-endian sample with some of its header overwritten. */
  const forged = (changes: Record<number, number>) => {
    const bytes = Uint8Array.from(
      buildElf({ needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.34'] } }),
    )
    const view = new DataView(bytes.buffer)
    for (const [at, value] of Object.entries(changes)) view.setBigUint64(Number(at), BigInt(value), true)
    return bytes
  }
  test.each([
    ['a segment of a terabyte', forged({ [64 + 32]: terabyte })],
    ['a dynamic section of a terabyte', forged({ [64 + 2 * 56 + 32]: terabyte })],
    ['section headers at the end of the terabyte', forged({ 40: terabyte - 64 })],
    ['the most program headers', forged({ 54: 0xffff_0038 })],
    ['offsets beyond 2^53', forged({ 32: 2 ** 63, 40: 2 ** 63 })],
  ])('%s', (_, bytes) => {
    const reader = accountingReader(bytes, terabyte)
    attempt(reader)
    expect(reader.account.largest).toBeLessThanOrEqual(16 * 1024 * 1024)
    expect(reader.account.bytes).toBeLessThan(64 * 1024 * 1024)
  })

  test('a version table that leads out of the file, or on and on', () => {
    const sample = buildElf({ versions: { 'libc.so.6': ['GLIBC_2.34'] } })
    const behind = Buffer.alloc(400_000, Uint8Array.of(16, 0, 0, 0)) // every entry leads to the next
    const bytes = new Uint8Array(Buffer.concat([sample, behind]))
    const view = new DataView(bytes.buffer)
    const at = Buffer.from(bytes).indexOf(Buffer.from([1, 0, 1, 0])) // vn_version 1, vn_cnt 1
    view.setUint16(at + 2, 0xffff, true) // vn_cnt
    view.setUint32(at + 16 + 12, 0xffff_ffff, true) // vna_next
    expect(why(bytes)).toMatch(/^it is cut short: its version table ends at/)
    view.setUint32(at + 16 + 12, sample.length - at - 16, true)
    expect(why(bytes)).toBe('its version table has no end')
  })

  test('a library name without an end', () => {
    const bytes = Uint8Array.from(buildElf({ needed: ['libc.so.6'] }))
    bytes.fill(0x61, Buffer.from(bytes).indexOf('libc.so.6'))
    expect(attempt(bytes)).toBeUndefined()
  })

  test('a library name that would write to the terminal', () =>
    expect(why(buildElf({ needed: ['lib\u001b[2J.so'] }))).toBe('a library name holds control characters'))
})

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'elf-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const write = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }

  test('tell the same as their bytes', () => {
    for (const [index, sample] of samples.entries()) {
      expect(readElfFile(write(`sample-${index}`, sample))).toEqual(readElf(sample))
    }
  })
  test('that are missing, folders or devices', () => {
    expect(() => readElfFile(join(folder, 'missing'))).toThrow(UnreadableBinary)
    expect(() => readElfFile(folder)).toThrow(UnreadableBinary)
    expect(() => readElfFile('/dev/null')).toThrow(UnreadableBinary)
  })
  test('are named in the failure, which is one of verification', () => {
    const path = write('empty', '')
    expect(() => readElfFile(path)).toThrow(
      expect.objectContaining({ kind: 'verification', where: path, why: 'the file is empty' }),
    )
  })
})
