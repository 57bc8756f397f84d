import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeAtomically, writeFileAtomically } from '../../../src/util/atomic.ts'
import { checkUserFile, writeUserFile } from '../../../src/util/write-user-file.ts'
import { temporaryFolder } from '../../support/projects.ts'

it('writes a file into a new folder, with its mode', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'a/b')
  await writeFileAtomically(path, 'text', { mode: 0o750 })
  expect(await readFile(path, 'utf8')).toBe('text')
  expect((await stat(path)).mode & 0o777).toBe(0o750)
  expect(await readdir(join(folder, 'a'))).toEqual(['b'])
})

it('replaces a file that cannot itself be written to', async () => {
  const path = join(await temporaryFolder(), 'file')
  await writeFile(path, 'old')
  await chmod(path, 0o444)
  await writeFileAtomically(path, Buffer.from('new'))
  expect(await readFile(path, 'utf8')).toBe('new')
})

const intoFolder = (write: (path: string) => Promise<unknown>) => async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'taken')
  await mkdir(path)
  return { folder, error: await write(path).catch(error => error) }
}

it.each([
  ['writeFileAtomically', intoFolder(path => writeFileAtomically(path, 'text')), 'image'],
  ['writeUserFile', intoFolder(path => writeUserFile(path, 'text', '--report')), 'usage'],
  ['checkUserFile', intoFolder(path => checkUserFile(path, '--report')), 'usage'],
])('%s leaves nothing behind where a folder has the name', async (_, attempt, kind) => {
  const { folder, error } = await attempt()
  expect(error).toMatchObject({ kind, why: 'it is a folder' })
  expect(await readdir(folder)).toEqual(['taken'])
})

it('keeps the old file and leaves nothing behind when the writing fails', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'file')
  await writeFile(path, 'old')
  const half = writeAtomically(path, async handle => {
    await handle.write('half')
    throw new Error('stopped')
  })
  await expect(half).rejects.toThrow('stopped')
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['file'])
})
