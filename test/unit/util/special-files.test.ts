import { execFileSync, spawn } from 'node:child_process'
import { lstat, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, test } from 'vitest'
import { placeArchive } from '../../../src/image/buildx/place-output.ts'
import { writeFileAtomically } from '../../../src/util/atomic.ts'
import { readBytes, readText, readTextIfThere } from '../../../src/util/read-file.ts'
import { checkUserFile, writeUserFile } from '../../../src/util/write-user-file.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryFolder } from '../../support/projects.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

const fifo = (name = 'fifo') => {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  return path
}

const writers: readonly [string, (path: string) => Promise<void>][] = [
  ['writeFileAtomically', path => writeFileAtomically(path, 'text')],
  ['writeUserFile', path => writeUserFile(path, 'text', '--report')],
  [
    'placeArchive',
    async path => {
      const from = join(folder, 'from')
      await writeFile(from, 'text')
      await placeArchive(from, path)
    },
  ],
]

test.each(writers)('%s writes into a device, and leaves it there', async (_, write) => {
  await write('/dev/null')
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
})

test.each(writers)('%s writes into a FIFO, and leaves it there', async (_, write) => {
  const path = fifo()
  const reader = spawn('cat', [path])
  let text = ''
  reader.stdout.on('data', data => {
    text += data
  })
  const closed = new Promise(resolve => reader.on('close', resolve))
  await write(path)
  await closed
  expect(text).toBe('text')
  expect((await lstat(path)).isFIFO()).toBe(true)
})

test.each(writers)('%s follows a link, and leaves it there', async (_, write) => {
  await writeFile(join(folder, 'real'), 'old')
  await symlink('real', join(folder, 'link'))
  await symlink('link', join(folder, 'link2'))
  await write(join(folder, 'link2'))
  expect(await readlink(join(folder, 'link2'))).toBe('link')
  expect(await readFile(join(folder, 'real'), 'utf8')).toBe('text')
})

test.each(writers)('%s follows a link to nothing', async (_, write) => {
  await symlink('new', join(folder, 'link'))
  await write(join(folder, 'link'))
  expect(await readlink(join(folder, 'link'))).toBe('new')
  expect(await readFile(join(folder, 'new'), 'utf8')).toBe('text')
})

it('checks a special file without writing to it', async () => {
  const path = fifo()
  await checkUserFile(path, '--report')
  await checkUserFile('/dev/null', '--report')
  expect((await lstat(path)).isFIFO()).toBe(true)
})

test.each([
  ['a FIFO', () => fifo()],
  ['a device without an end', () => '/dev/zero'],
  ['a terminal or none', () => '/dev/ptmx'],
  ['a file of /proc', () => (process.platform === 'linux' ? '/proc/self/status' : '/dev/random')],
])('does not read %s', async (_, path) => {
  expect(await failureOf(readBytes(path()))).toMatchObject({
    kind: 'usage',
    what: expect.stringContaining('regular'),
  })
  expect(await failureOf(readTextIfThere(fifo('other')))).toMatchObject({ kind: 'usage' })
})

it('reads regular files, and /dev/null as an empty one', async () => {
  const path = join(folder, 'file')
  const text = 'äx\n'.repeat(700_000)
  await writeFile(path, text)
  expect(await readText(path)).toBe(text)
  expect(await readText('/dev/null')).toBe('')
  await writeFile(path, '')
  expect(await readText(path)).toBe('')
  expect(await readTextIfThere(join(folder, 'none'))).toBeUndefined()
  await expect(readText(folder)).rejects.toMatchObject({ code: 'EISDIR' })
})

it('refuses a file over its limit', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'x'.repeat(2_000_000))
  expect(await failureOf(readText(path, 1_000_000))).toMatchObject({
    what: expect.stringContaining('too large'),
  })
})

it('gives a mode that the umask narrows', async () => {
  const before = process.umask(0o077)
  try {
    await writeFileAtomically(join(folder, 'script'), '', { mode: 0o755 })
    await writeFileAtomically(join(folder, 'text'), '')
  } finally {
    process.umask(before)
  }
  expect((await stat(join(folder, 'script'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(folder, 'text'))).mode & 0o777).toBe(0o600)
})
