import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { tarEnd, tarHeader, tarPadding } from '../../../src/image/tar.ts'

type Row = [name: string, mode: number, owner: number, size: number, mtime: number]

// Names at each border of the format: the 100 and 155 byte fields, a split, a cut that ends in a slash, no ASCII.
const rows: Row[] = [
  ['usr/', 0o755, 0, 0, 0],
  ['usr/bin/app', 0o555, 0, 3, 1700000000],
  ['tmp/', 0o1777, 65532, 0, 0],
  ['tmp/empty', 0o4755, 65532, 0, 0],
  [`${'d/'.repeat(60)}file`, 0o644, 0, 512, 1],
  ['d/'.repeat(60), 0o755, 0, 0, 1],
  ['x'.repeat(101), 0o644, 0, 1, 1],
  ['x'.repeat(100), 0o644, 0, 1, 1],
  [`${'x'.repeat(101)}/`, 0o755, 0, 0, 1],
  [`${'x'.repeat(99)}/`, 0o755, 0, 0, 1],
  [`${'p'.repeat(155)}/${'n'.repeat(100)}`, 0o644, 0, 1, 1],
  [`${'p'.repeat(156)}/${'n'.repeat(100)}`, 0o644, 0, 1, 1],
  [`${'e/'.repeat(150)}deep`, 0o644, 0, 1, 1],
  ['opt/ünï/cödé', 0o644, 0, 1, 1],
  ['opt/日本/', 0o755, 0, 0, 1],
  ['big/uid', 0o644, 3000000, 1, 2 ** 34],
  ['é'.repeat(80), 0o644, 0, 1, 1],
]

function writeTar(entries: readonly Row[]): Buffer {
  const parts = entries.flatMap(([name, mode, owner, size, mtime]) => [
    tarHeader({
      name,
      type: name.endsWith('/') ? 'directory' : 'file',
      mode,
      uid: owner,
      gid: owner,
      size,
      mtime,
    }),
    Buffer.alloc(size),
    tarPadding(size),
  ])
  return Buffer.concat([...parts, tarEnd()])
}

test('a tar stream is byte for byte what Go archive/tar (1.26, Format: PAX) writes for the same entries', () => {
  const tar = writeTar(rows)
  expect(createHash('sha256').update(tar).digest('hex')).toBe(
    '3ba2c70453ec85489a88b49a7a7ed5eb60a52def1217c87df0be62f7385ea355',
  )
})

test('a tar header is a whole number of blocks', () => {
  for (const row of rows) expect(writeTar([row]).length % 512).toBe(0)
})

test('so is a symbolic link', () => {
  const links = [
    ['usr/bin/ls', '/usr/bin/busybox'],
    ['opt/ünï', 'cödé'],
    ['a', 'l'.repeat(100)],
    ['b', 'l'.repeat(101)],
    [`${'d/'.repeat(60)}link`, '../x'],
  ].map(([name = '', link = '']) =>
    tarHeader({ name, type: 'symlink', link, mode: 0o777, uid: 0, gid: 0, size: 0, mtime: 0 }),
  )
  const tar = Buffer.concat([...links, tarEnd()])
  expect(createHash('sha256').update(tar).digest('hex')).toBe(
    '2406138f60c676f13e61041ef0d1ed106aaf2239e1f8d2bcffed7c54c1c9ada2',
  )
})
