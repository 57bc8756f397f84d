import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withFilesKept } from '../../../src/util/with-files-kept.ts'
import { project } from '../../support/projects.ts'

const paths = (dir: string) => ['a', 'b', 'gone', 'new'].map(name => join(dir, name))

test.each([false, true])('gives back what was rewritten (failing: %s)', async fails => {
  const dir = await project({ a: 'one', b: 'two', gone: 'three' })
  const before = await stat(join(dir, 'b'))
  const work = withFilesKept(paths(dir), async () => {
    await writeFile(join(dir, 'a'), 'changed')
    await rm(join(dir, 'gone'))
    await writeFile(join(dir, 'new'), 'new')
    if (fails) throw new Error('failed')
    return 1
  })
  await (fails ? expect(work).rejects.toThrow('failed') : expect(work).resolves.toBe(1))
  expect(await readFile(join(dir, 'a'), 'utf8')).toBe('one')
  expect(await readFile(join(dir, 'new'), 'utf8')).toBe('new')
  // A file that nobody touched is not written.
  expect((await stat(join(dir, 'b'))).ino).toBe(before.ino)
})
