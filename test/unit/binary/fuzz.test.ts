import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { readElf, readElfFile } from '../../../src/binary/elf.ts'
import { needs } from '../../../src/binary/needs.ts'
import { bytesReader, type Reader } from '../../../src/binary/reader.ts'
import { tinyProgram } from '../../../src/binary/tiny-program.ts'
import { checkBinary } from '../../../src/binary/verify.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import { buildElf } from '../../support/elf-builder.ts'
import { fuzz, inputs } from '../../support/fuzz.ts'

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const samples = ([32, 64] as const).flatMap(width =>
  (['little', 'big'] as const).flatMap(endian =>
    [true, false].map(sections =>
      Buffer.from(
        buildElf({
          ...{ class: width, endian, sections, type: 'dyn', pie: true },
          interpreter: '/lib64/ld-linux-x86-64.so.2',
          needed: ['libgcc_s.so.1', 'libc.so.6'],
          versions: { 'libc.so.6': ['GLIBC_2.34', '?GLIBC_2.39'], 'libgcc_s.so.1': ['GCC_3.0'] },
          go: { version: 'go1.26.8', path: 'example.com/app', settings: { GOARM: '7', '-tags': 'a,b' } },
        }),
      ),
    ),
  ),
)
const all = [...samples, ...(['amd64', 'arm64'] as const).map(arch => Buffer.from(tinyProgram(arch, 'x')))]
const platforms = parsePlatforms(['linux/amd64', 'linux/arm64', 'linux/arm/v6', 'linux/s390x'])

/** More than any real file asks for: what reads so much of a file of some kilobytes has no bound. */
const mostRead = 64 * 1024 * 1024

/** A reader that gives no more than a bounded reader asks for, and nothing outside of the file. */
function counting(bytes: Uint8Array): Reader {
  const inner = bytesReader(bytes)
  let read = 0
  return {
    size: inner.size,
    read(offset, length) {
      read += length
      if (!(offset >= 0 && length >= 0 && offset + length <= inner.size)) {
        throw new RangeError(`${length} bytes from ${offset} of ${inner.size}`)
      }
      if (read > mostRead) throw new RangeError(`${read} bytes were read`)
      return inner.read(offset, length)
    },
  }
}

test(`${inputs} binaries that are none`, async () => {
  let number = 0
  const path = join(folder, 'binary')
  await fuzz(all, bytes => {
    const elf = readElf(counting(bytes), 'binary')
    needs(elf)
    if (number++ % 10 === 0) {
      writeFileSync(path, bytes)
      readElfFile(path)
    }
    for (const platform of platforms) {
      if (elf.machine === platform.elf.machine) checkBinary(elf, platform, 'binary')
    }
  })
}, 3_600_000)
