import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readChecked, writeChecked } from '../../../src/util/checked-file.ts'
import { temporaryFolder } from '../../support/projects.ts'

const code = Buffer.from('compiled')

async function written(): Promise<{ folder: string; path: string }> {
  const folder = join(await temporaryFolder(), 'compiled')
  const path = join(folder, 'digest-build')
  writeChecked(path, () => code)
  return { folder, path }
}

describe('compiled code', () => {
  it('is read as it was written, by its owner alone', async () => {
    const { path, folder } = await written()
    expect(readChecked(path)).toEqual(code)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['digest-build'])
  })

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['a byte changed', path => readFile(path).then(bytes => writeFile(path, bytes.fill(1, 39)))],
    ['it is cut off', path => writeFile(path, 'short')],
    ['others may write it', path => chmod(path, 0o622)],
    ['it is of a group that may write it', path => chmod(path, 0o660)],
  ])('is not taken where %s', async (_, change) => {
    const { path } = await written()
    await change(path)
    expect(readChecked(path)).toBeUndefined()
  })

  it('is not taken through a link, nor from what is no file', async () => {
    const { path, folder } = await written()
    await symlink(path, join(folder, 'link'))
    expect(readChecked(join(folder, 'link'))).toBeUndefined()
    await mkdir(join(folder, 'folder'))
    expect(readChecked(join(folder, 'folder'))).toBeUndefined()
  })

  it('leaves nothing where it cannot get its name, or cannot be made', async () => {
    const { folder } = await written()
    await mkdir(join(folder, 'taken/in'), { recursive: true })
    writeChecked(join(folder, 'taken'), () => code)
    writeChecked(join(folder, 'none'), () => {
      throw new Error('out of memory')
    })
    expect((await readdir(folder)).sort()).toEqual(['digest-build', 'taken'])
  })

  it('is left where its folder is a file', async () => {
    const file = join(await temporaryFolder(), 'compiled')
    await writeFile(file, 'mine')
    writeChecked(join(file, 'digest-build'), () => code)
    expect(await readFile(file, 'utf8')).toBe('mine')
  })

  it.runIf(process.getuid?.() === 0)('is not written into a folder of another user', async () => {
    const { chown } = await import('node:fs/promises')
    const { folder } = await written()
    await chown(folder, 12345, 12345)
    writeChecked(join(folder, 'other'), () => code)
    expect(await readdir(folder)).toEqual(['digest-build'])
  })

  it('of versions that are used no more goes', async () => {
    const { folder, path } = await written()
    const old = new Date(Date.now() - 40 * 24 * 3600 * 1000)
    await writeFile(join(folder, 'old'), '')
    await utimes(join(folder, 'old'), old, old)
    await writeFile(join(folder, 'new'), '')
    writeChecked(path, () => code)
    expect((await readdir(folder)).sort()).toEqual(['digest-build', 'new'])
  })
})
