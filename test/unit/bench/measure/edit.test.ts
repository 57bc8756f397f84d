import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openEdit } from '../../../../src/bench/measure/edit.ts'
import { temporaryFolder } from '../../../support/projects.ts'

const sources = async (measurement: string) => {
  const file = join(await temporaryFolder(), 'main.go')
  await writeFile(file, 'package main\n')
  const edit = openEdit({ file, line: text => `// ${text}` }, measurement)
  const read = () => readFile(file, 'utf8')
  return [
    await edit.during(false, read),
    await edit.during(true, read),
    await edit.during(true, read),
    await read(),
  ]
}

it('changes the source to one that no run and no other measurement had, and back', async () => {
  const [plain, first, second, after] = await sources('a')
  expect(plain).toBe('package main\n')
  expect(after).toBe(plain)
  const [, other] = await sources('b')
  expect(new Set([plain, first, second, other]).size).toBe(4)
})
