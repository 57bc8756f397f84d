import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { isFailure } from '../../../../src/errors.ts'
import { fileSource, streamSource } from '../../../../src/image/read/byte-source.ts'
import { entryPath, readTar } from '../../../../src/image/read/tar-read.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { buildTar, paxRecords, type TarInput } from '../../../support/tar-builder.ts'

const folder = mkdtempSync(join(tmpdir(), 'tar-read-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Every entry with its content, read as a stream in pieces of `size` bytes. */
async function list(bytes: Uint8Array, size = 1000) {
  const found = []
  for await (const entry of readTar(streamSource(inPieces(bytes, size)), 'test.tar')) {
    const chunks: Uint8Array[] = []
    for await (const chunk of entry.content()) chunks.push(chunk)
    const { name, type, link, mode, offset } = entry
    found.push({ name, type, link, mode, offset, content: Buffer.concat(chunks).toString() })
  }
  return found
}

const long = `${'folder/'.repeat(40)}file`

describe('readTar', () => {
  it('reads files, folders and links', async () => {
    const tar = buildTar([
      { name: 'bin/', mode: 0o555 },
      { name: 'bin/app', content: 'x'.repeat(1500), mode: 0o755 },
      { name: 'bin/link', link: 'app' },
      { name: 'bin/hard', type: '1', link: 'bin/app', size: 1500 },
      { name: 'empty' },
      { name: 'null', type: '3' },
    ])
    const shape = { link: '', mode: 0o755, content: '', offset: expect.any(Number) }
    for (const size of [1, 7, 512, 100_000]) {
      expect(await list(tar, size)).toEqual([
        { ...shape, name: 'bin/', type: 'directory', mode: 0o555 },
        { ...shape, name: 'bin/app', type: 'file', content: 'x'.repeat(1500), offset: 1024 },
        { ...shape, name: 'bin/link', type: 'symlink', link: 'app' },
        { ...shape, name: 'bin/hard', type: 'hardlink', link: 'bin/app' },
        { ...shape, name: 'empty', type: 'file' },
        { ...shape, name: 'null', type: 'other' },
      ])
    }
  })

  it.each<[string, TarInput[]]>([
    ['PAX', [{ name: 'short', content: 'c', pax: { path: long, size: '1' } }]],
    [
      'GNU',
      [
        { name: '././@LongLink', type: 'L', content: `${long}\0` },
        { name: 'short', content: 'c' },
      ],
    ],
  ])('reads long names of %s, for the next entry alone', async (_name, entries) => {
    const found = await list(buildTar([...entries, { name: 'next' }]))
    expect(found.map(({ name, content }) => [name, content])).toEqual([
      [long, 'c'],
      ['next', ''],
    ])
  })

  it.each<[string, TarInput[]]>([
    ['PAX', [{ name: 'a', link: 'short', pax: { linkpath: long } }]],
    [
      'GNU',
      [
        { name: '././@LongLink', type: 'K', content: `${long}\0` },
        { name: 'a', link: 'short' },
      ],
    ],
  ])('reads long link targets of %s', async (_name, entries) => {
    expect((await list(buildTar(entries)))[0]).toMatchObject({ name: 'a', link: long })
  })

  it('skips what is not read, in a stream and in a file', async () => {
    const tar = buildTar([
      { name: 'a', content: 'x'.repeat(5000) },
      { name: 'b', content: 'yes' },
    ])
    const path = join(folder, 'skip.tar')
    writeFileSync(path, tar)
    const handle = await open(path)
    for (const source of [streamSource(inPieces(tar, 700)), fileSource(handle, tar.length)]) {
      const names = []
      for await (const { name, offset, size } of readTar(source, path)) {
        names.push(`${name}:${tar.subarray(offset, offset + Math.min(size, 3))}`)
      }
      expect(names).toEqual(['a:xxx', 'b:yes'])
    }
    await handle.close()
  })

  it('takes an archive without its two empty blocks, as containerd does', async () => {
    expect((await list(buildTar([{ name: 'a' }], 0))).length).toBe(1)
    expect(await list(Buffer.alloc(0))).toEqual([])
  })

  const whole = buildTar([{ name: 'a', content: 'x'.repeat(2000) }])
  it.each<[string, Buffer]>([
    ['a header cut short', whole.subarray(0, 300)],
    ['content cut short', whole.subarray(0, 1200)],
    ['a wrong checksum', buildTar([{ name: 'a', badChecksum: true }])],
    ['a size of junk', buildTar([{ name: 'a', size: Buffer.from('junk') }])],
    ['a negative size', buildTar([{ name: 'a', size: Buffer.alloc(12, 0xff) }])],
    [
      'a size beyond all files',
      buildTar([{ name: 'a', size: Buffer.from([0x80, ...Array(11).fill(0xff)]) }]),
    ],
    ['a size beyond its end', buildTar([{ name: 'a', size: 8 ** 10 }])],
    ['a PAX size of junk', buildTar([{ name: 'a', pax: { size: '-1' } }])],
    ['PAX records of junk', buildTar([{ name: 'p', type: 'x', content: '5 a=b\n' }])],
    ['a PAX record longer than its block', buildTar([{ name: 'p', type: 'x', content: '999 a=b\n' }])],
    ['PAX records that are too long', buildTar([{ name: 'p', type: 'x', size: 8 ** 8 }])],
    ['a name cut short', buildTar([{ name: 'l', type: 'L', content: 'abc', size: 5000 }], 0)],
    ['a sparse file', buildTar([{ name: 's', type: 'S' }])],
    ['a PAX sparse file', buildTar([{ name: 's', pax: { 'GNU.sparse.map': '0,1' } }])],
    [
      'headers of no file',
      buildTar(Array.from({ length: 17 }, () => ({ name: 'p', type: 'x', content: paxRecords({ a: 'b' }) }))),
    ],
    ['a PAX record without a key', buildTar([{ name: 'p', type: 'x', content: '6 =ab\n' }])],
    ['a PAX record without a value', buildTar([{ name: 'p', type: 'x', content: '6 abc\n' }])],
    ['a PAX record of no length', buildTar([{ name: 'p', type: 'x', content: '0 a=b\n' }])],
    ['a lone empty block', Buffer.concat([buildTar([{ name: 'a' }], 512), buildTar([{ name: 'b' }])])],
    ['text', Buffer.from('hello '.repeat(200))],
  ])('refuses %s', async (_name, bytes) => {
    const failure = await failureOf(list(bytes))
    expect(failure).toMatchObject({ kind: 'verification', where: 'test.tar' })
  })

  it('passes millions of PAX records that nobody reads, fast', async () => {
    const content = Buffer.alloc(1_000_002, '6 a=b\n')
    const one = [
      { name: 'p', type: 'x', content },
      { name: 'f', content: 'x' },
    ]
    const bytes = buildTar(Array.from({ length: 20 }, () => one).flat())
    const started = performance.now()
    let count = 0
    for await (const _ of readTar(streamSource(inPieces(bytes, 65_536)), 'x')) count++
    expect(count).toBe(20)
    // 20 MB; what reads a layer of a gigabyte so takes half a minute at most.
    expect(performance.now() - started).toBeLessThan(8000)
  })

  it('ends or fails in an orderly way on any bytes', async () => {
    const seed = buildTar([
      { name: 'a', content: 'content', pax: { path: 'longer', mtime: '1' } },
      { name: 'b/', mode: 0o700 },
      { name: 'c', link: 'a' },
    ])
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 12 }),
        fc.nat(seed.length),
        async (changes, length) => {
          const bytes = Buffer.from(seed)
          for (const [at, value] of changes) bytes[at] = value
          try {
            await list(bytes.subarray(0, length))
          } catch (error) {
            if (!isFailure(error, 'verification')) throw error
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

it.each([
  ['bin/app', 'bin/app'],
  ['./bin//app/', 'bin/app'],
  ['/etc/passwd', 'etc/passwd'],
  ['./', ''],
  ['../etc/passwd', undefined],
  ['a/../../b', undefined],
  ['a\0b', undefined],
  ['a\nb', 'a\nb'],
  ['..a', '..a'],
])('entryPath(%j) is %j', (name, path) => {
  expect(entryPath(name)).toBe(path)
})
