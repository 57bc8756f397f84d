import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openCache } from '../../../src/image/cache.ts'
import { ownerMark } from '../../../src/util/owner.ts'

const root = mkdtempSync(join(tmpdir(), 'xbuild-cache-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folders = 0

const open = (folder = join(root, String(folders++))) => openCache(folder, text => expect.unreachable(text))

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

/** Makes a file look as if it was last used so many days ago. */
function age(path: string, days: number): void {
  const time = Date.now() / 1000 - days * 86_400
  utimesSync(path, time, time)
}

test('a stored blob is found by digest and size, and by nothing else', async () => {
  const cache = await open()
  const { digest, size, path } = await cache.store(chunks('a', 'bc'))
  expect({ digest, size }).toEqual({
    digest: 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    size: 3,
  })
  expect(readFileSync(path, 'utf8')).toBe('abc')
  expect(await cache.find(digest, 3)).toBe(path)
  expect(await cache.find(digest, 4)).toBeUndefined()
  expect(await cache.find(digest.replace('ba', 'bb'), 3)).toBeUndefined()
})

test('a blob that was altered is not found, and storing it again mends it', async () => {
  const cache = await open()
  const { digest, path } = await cache.store(chunks('abc'))
  writeFileSync(path, 'abd')
  expect(await cache.find(digest, 3)).toBeUndefined()
  await cache.store(chunks('abc'))
  expect(await cache.find(digest, 3)).toBe(path)
})

test('a stream that fails leaves nothing', async () => {
  const cache = await open()
  const failing = async function* () {
    yield Buffer.from('abc')
    throw new Error('cut off')
  }
  await expect(cache.store(failing())).rejects.toThrow('cut off')
  const left = readdirSync(join(cache.folder, 'blobs/sha256'))
  expect(left).toEqual([])
})

test('a record is recalled under its kind and key, and not once it was altered', async () => {
  const cache = await open()
  await cache.remember('layers', 'a key', { digest: 'x' })
  expect(await cache.recall('layers', 'a key')).toEqual({ digest: 'x' })
  expect(await cache.recall('bases', 'a key')).toBeUndefined()
  expect(await cache.recall('layers', 'another')).toBeUndefined()
  const [name = ''] = readdirSync(join(cache.folder, 'layers'))
  const path = join(cache.folder, 'layers', name)
  writeFileSync(path, readFileSync(path, 'utf8').replace('"x"', '"y"'))
  expect(await cache.recall('layers', 'a key')).toBeUndefined()
})

test('what was not used for a month goes, what is in use stays, and a killed build’s file goes after a day', async () => {
  const folder = join(root, String(folders++))
  const cache = await open(folder)
  const [old, used] = [await cache.store(chunks('old')), await cache.store(chunks('used'))]
  const abandoned = join(folder, 'blobs/sha256/.incoming.0123.tmp')
  const running = join(folder, 'blobs/sha256/.incoming.4567.tmp')
  for (const path of [abandoned, running]) writeFileSync(path, '')
  age(old.path, 31)
  age(used.path, 31)
  age(abandoned, 2)
  await cache.find(used.digest, used.size)
  await cache.close()
  expect([old.path, used.path, abandoned, running].map(path => existsSync(path))).toEqual([
    false,
    true,
    false,
    true,
  ])

  const later = await (await open(folder)).store(chunks('later'))
  age(later.path, 31)
  await (await open(folder)).close()
  expect(existsSync(later.path)).toBe(true) // it was looked after today already
})

test('above 5 GB what was used longest ago goes, but nothing that a running build may use', async () => {
  const folder = join(root, String(folders++))
  const cache = await open(folder)
  const blobs = []
  for (const text of ['now', 'just before', 'yesterday']) blobs.push((await cache.store(chunks(text))).path)
  for (const path of blobs) truncateSync(path, 3 * 1024 ** 3) // sparse
  age(blobs[1] as string, 1 / 24)
  age(blobs[2] as string, 1)
  await cache.close()
  expect(blobs.map(path => existsSync(path))).toEqual([true, true, false])
})

test('a folder that cannot be one is done without, said, and nothing stays behind', async () => {
  const folder = join(root, 'file')
  writeFileSync(folder, '')
  mkdirSync(join(root, 'tmp'))
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = join(root, 'tmp')
  try {
    const remarks: string[] = []
    const cache = await openCache(folder, text => remarks.push(text))
    expect(remarks).toEqual([expect.stringContaining(folder)])
    const { path } = await cache.store(chunks('abc'))
    expect(existsSync(path)).toBe(true)
    await cache.close()
    expect(existsSync(path)).toBe(false)
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
})

test('what a killed build was writing goes when the next one writes it, and what another one writes stays', async () => {
  const cache = await open()
  const bases = join(cache.folder, 'bases')
  mkdirSync(bases)
  const [, start, machine] = ownerMark().split('-')
  const dead = `.key.json.999999999-${start}-${machine}.0123456789ab.tmp`
  const living = `.key.json.${ownerMark()}.0123456789ab.tmp`
  for (const name of [dead, living]) writeFileSync(join(bases, name), '')
  await cache.remember('bases', 'key', 1)
  const left = readdirSync(bases)
  expect(left).not.toContain(dead)
  expect(left).toContain(living)
  expect(left).toHaveLength(2)
})
