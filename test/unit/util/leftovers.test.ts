import { spawnSync } from 'node:child_process'
import { access, mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { expect, it, test } from 'vitest'
import { isTemporary, sweep, temporaryName } from '../../../src/util/leftovers.ts'
import { isDead, ownerMark } from '../../../src/util/owner.ts'
import { makeTemporaryFolder } from '../../../src/util/temporary-folder.ts'
import { withLock } from '../../../src/util/with-lock.ts'
import { temporaryFolder } from '../../support/projects.ts'

const [pid = '', start = '', machine = ''] = ownerMark().split('-')
/** A process that has ended, and whose number nobody has by now. */
const deadPid = spawnSync(process.execPath, ['-e', '']).pid
const dead = `${deadPid}-${start}-${machine}`
const reused = `${pid}-${Number(start) + 2000}-${machine}`
const emulated = `${pid}-${Number(start) + 20}-${machine}`
const elsewhere = `${deadPid}-${start}-00000000`

test.each([
  ['this process', ownerMark(), false],
  ['a process that ended', dead, true],
  ['another process of the same number', reused, process.platform === 'linux'],
  ['an emulated process, whose start QEMU tells', emulated, false],
  ['a process of another machine', elsewhere, false],
  ['no mark', hostname(), false],
  ['nothing', '', false],
])('%s is dead or not', (_, mark, expected) => expect(isDead(mark)).toBe(expected))

it('sweeps what dead processes left, and nothing else', async () => {
  const folder = await temporaryFolder()
  const kept = [
    `.xbuild-${elsewhere}-aaaaaaaaaaaa`,
    '.xbuild-mine',
    basename(temporaryName(join(folder, 'a'))),
  ]
  const gone = [`.xbuild-${dead}-aaaaaaaaaaaa`, `xbuild-verify-${dead}-aaaaaaaaaaaa`]
  for (const name of [...kept, ...gone]) await mkdir(join(folder, name, 'sub'), { recursive: true })
  await writeFile(join(folder, `.image.tar.${dead}.aaaaaaaaaaaa.tmp`), '')
  await sweep(folder)
  expect((await readdir(folder)).sort()).toEqual(kept.sort())
})

it('names temporary files so that they are known as such, however long the name', async () => {
  const path = join(await temporaryFolder(), 'x'.repeat(250))
  await writeFile(temporaryName(path), '')
  expect(isTemporary(basename(temporaryName(path)))).toBe(true)
})

it('removes a temporary folder', async () => {
  const parent = await temporaryFolder()
  const folder = await makeTemporaryFolder('xbuild-', parent)
  await writeFile(join(folder.path, 'file'), '')
  await folder.remove()
  expect(await readdir(parent)).toEqual([])
  await folder.remove()
})

test.each([
  ['of a dead process', dead, 0],
  ['of long ago', 'who knows', -3600],
])('a lock %s does not block', async (_, mark, age) => {
  const path = join(await temporaryFolder(), 'index.json')
  await writeFile(`${path}.lock`, mark)
  const time = Date.now() / 1000 + age
  await utimes(`${path}.lock`, time, time)
  const started = performance.now()
  expect(await withLock(path, async () => 'done')).toBe('done')
  expect(performance.now() - started).toBeLessThan(2000)
  await expect(access(`${path}.lock`)).rejects.toThrow()
})

test('a lock from the future blocks for ten seconds, not for ever', async () => {
  const path = join(await temporaryFolder(), 'index.json')
  await writeFile(`${path}.lock`, elsewhere)
  const time = Date.now() / 1000 + 3600
  await utimes(`${path}.lock`, time, time)
  const started = performance.now()
  expect(await withLock(path, async () => 'done')).toBe('done')
  expect(performance.now() - started).toBeLessThan(15_000)
})

test('an interrupt ends the wait for a lock that is held', async () => {
  const path = join(await temporaryFolder(), 'index.json')
  await writeFile(`${path}.lock`, ownerMark())
  const work = withLock(path, async () => 'done', AbortSignal.timeout(100))
  await expect(work).rejects.toMatchObject({ kind: 'interrupted' })
})
