import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { scanLayer } from '../../../../src/image/verify/layer-scan.ts'
import { createRootfs } from '../../../../src/image/verify/rootfs.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { sha256 } from '../../../support/fault-registry.ts'
import { buildTar, type TarInput } from '../../../support/tar-builder.ts'

const { gzipSync } = zlib
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer }

const folder = mkdtempSync(join(tmpdir(), 'rootfs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function* single(bytes: Uint8Array) {
  yield bytes
}

/** The root file system of layers, the lowest first, and which of them were read. */
function rootfsOf(...layers: TarInput[][]) {
  const read: number[] = []
  const scan = async (number: number, wanted: readonly string[] = []) =>
    scanLayer(single(buildTar(layers[number] ?? [])), new Set(wanted), folder, `layer ${number}`)
  const scans = new Map<number, ReturnType<typeof scan>>()
  const rootfs = createRootfs(
    layers.length,
    number => {
      if (!scans.has(number)) read.push(number)
      const found = scans.get(number) ?? scan(number, ['wanted'])
      scans.set(number, found)
      return found
    },
    async (number, path) => {
      const captured = (await scan(number, [path])).entries.get(path)?.captured
      if (!captured) throw new Error(`no ${path}`)
      return captured
    },
  )
  /** The content at a path, where it is, or undefined. */
  const content = async (path: string) => {
    const found = await rootfs.resolve(path)
    return found && `${found.path}=${readFileSync((await rootfs.read(found)).path, 'utf8')}`
  }
  return { rootfs, read, content }
}

const file = (name: string, content: string): TarInput => ({ name, content })

describe('the file system of layers', () => {
  it('shows the file of the highest layer, and reads no layer below it', async () => {
    const { content, read } = rootfsOf([file('a', 'old')], [file('b', 'b')], [file('a', 'new')])
    expect(await content('/a')).toBe('/a=new')
    expect(read).toEqual([2])
    expect(await content('/b')).toBe('/b=b')
    expect(await content('/c')).toBeUndefined()
  })

  it('keeps wanted content from the first reading', async () => {
    const { content } = rootfsOf([file('wanted', 'yes')])
    expect(await content('/wanted')).toBe('/wanted=yes')
  })

  it.each<[string, TarInput[]]>([
    ['a whiteout', [file('d/.wh.f', '')]],
    ['a whiteout of its folder', [file('.wh.d', '')]],
    ['an opaque folder', [file('d/.wh..wh..opq', '')]],
    ['a file in place of its folder', [file('d', '')]],
    ['a whole opaque root', [file('.wh..wh..opq', '')]],
  ])('hides what is below %s', async (_name, upper) => {
    const { content } = rootfsOf([file('d/f', 'x'), file('e', 'e')], upper)
    expect(await content('/d/f')).toBeUndefined()
    if (!_name.includes('root')) expect(await content('/e')).toBe('/e=e')
  })

  it('shows what the layer of the whiteout has itself', async () => {
    const { content } = rootfsOf([file('d/f', 'old')], [file('d/.wh..wh..opq', ''), file('d/f', 'new')])
    expect(await content('/d/f')).toBe('/d/f=new')
  })

  it('shows again what a higher layer brings back', async () => {
    const { content } = rootfsOf([file('f', '1')], [file('.wh.f', '')], [file('f', '3')])
    expect(await content('/f')).toBe('/f=3')
  })

  it('follows links, across layers, relative, absolute and upwards', async () => {
    const { content } = rootfsOf(
      [file('usr/bin/app', 'x'), { name: 'bin', link: 'usr/bin' }],
      [
        { name: 'usr/bin/one', link: '/bin/../bin/./app' },
        { name: 'top', link: '../../../usr/bin/one' },
      ],
    )
    expect(await content('/bin/app')).toBe('/usr/bin/app=x')
    expect(await content('/top')).toBe('/usr/bin/app=x')
    expect(await content('bin/../bin/one')).toBe('/usr/bin/app=x')
  })

  it('ends where links go in a circle, or nowhere', async () => {
    const { content } = rootfsOf([
      { name: 'a', link: 'b' },
      { name: 'b', link: 'a' },
      { name: 'self', link: 'self/x' },
      { name: 'gone', link: 'nowhere' },
    ])
    for (const path of ['/a', '/self', '/gone', '/a/x']) expect(await content(path)).toBeUndefined()
  })

  it('reads hard links', async () => {
    const { content } = rootfsOf([file('a', 'x'), { name: 'b', type: '1', link: 'a' }])
    expect(await content('/b')).toBe('/b=x')
  })

  it('reads a hard link to a file of a layer below, as unpacking makes it', async () => {
    const { content } = rootfsOf([file('a', 'x')], [{ name: 'b', type: '1', link: 'a' }])
    expect(await content('/b')).toBe('/b=x')
  })

  it.each<[string, TarInput[], TarInput[]]>([
    ['a device', [], [{ name: 'b', type: '3' }]],
    ['a FIFO', [file('b', 'x')], [{ name: 'b', type: '6' }]],
    ['a hard link to nothing', [], [{ name: 'b', type: '1', link: 'none' }]],
    ['a hard link to itself', [], [{ name: 'b', type: '1', link: 'b' }]],
    [
      'a hard link to a link to it',
      [],
      [
        { name: 'a', type: '1', link: 'b' },
        { name: 'b', type: '1', link: 'a' },
      ],
    ],
    [
      'a hard link to what a whiteout hides',
      [file('a', 'x')],
      [file('.wh.a', ''), { name: 'b', type: '1', link: 'a' }],
    ],
  ])('has no content of %s', async (_, below, above) => {
    const { content } = rootfsOf(below, above)
    await expect(content('/b')).rejects.toThrow('no b')
  })

  it('takes the last of two entries with one name', async () => {
    const { content } = rootfsOf([file('a', '1'), file('./a', '2')])
    expect(await content('/a')).toBe('/a=2')
  })
})

describe('scanLayer', () => {
  const tar = buildTar([file('a', 'content'), file('../../evil', 'x'), file('/b', 'b')])
  const scan = (bytes: Uint8Array) => scanLayer(single(bytes), new Set(['a']), folder, 'the layer')

  it('tells the digest of the uncompressed layer, whatever its compression, and names that lead out', async () => {
    const both = gzipSync(tar.subarray(0, 700))
    const members = Buffer.concat([both, gzipSync(tar.subarray(700))])
    for (const bytes of [tar, gzipSync(tar), members]) {
      const { diffId, entries, hostile } = await scan(bytes)
      expect(diffId).toBe(sha256(tar))
      expect([...entries.keys()].sort()).toEqual(['a', 'b'])
      expect(entries.get('a')?.captured?.sha256).toBe(sha256('content').slice(7))
      expect(hostile).toEqual(['../../evil'])
    }
  })

  it('counts what follows the end of the archive', async () => {
    // more than fits into one piece of the decompressor
    const longer = Buffer.concat([tar, Buffer.alloc(3_000_000, 'more')])
    expect((await scan(gzipSync(longer))).diffId).toBe(sha256(longer))
  })

  it('reads zstd where Node does, else says which Node does', async () => {
    if (zstdCompressSync) {
      expect((await scan(zstdCompressSync(tar))).diffId).toBe(sha256(tar))
    } else {
      const failure = await failureOf(scan(Buffer.from('28b52ffd00000000', 'hex')))
      expect(failure).toMatchObject({ kind: 'tool', fix: expect.stringContaining('22.15') })
    }
  })

  it.each<[string, Uint8Array]>([
    ['gzip cut short', gzipSync(tar).subarray(0, -20)],
    ['gzip of junk', Buffer.from('1f8b0800ffffffff', 'hex')],
    ['gzip with a wrong checksum', Buffer.concat([gzipSync(tar).subarray(0, -8), Buffer.alloc(8)])],
    ['junk', Buffer.from('junk'.repeat(1000))],
  ])('refuses %s', async (_name, bytes) => {
    expect((await failureOf(scan(bytes))).kind).toBe('verification')
  })
})
