import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { findBrokenFloors } from '../../scripts/floors.mjs'
import { temporaryFolder } from '../support/projects.ts'

async function house(files: Readonly<Record<string, string>>) {
  const root = await temporaryFolder()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return findBrokenFloors(root)
}

test.each([
  ['a value', "import { x } from '../ui/x.ts'"],
  ['a type', "import type { X } from '../ui/x.ts'"],
  ['a type among values', "import { type X } from '../ui/x.ts'"],
  ['what is loaded later', "const { x } = await import('../ui/x.ts')"],
  ['all of it', "export * from '../ui/x.ts'"],
  ['its effects', "import '../ui/x.ts'"],
])('an arrow that runs up for %s is found', async (_, text) =>
  expect(await house({ 'build/a.ts': text, 'ui/x.ts': '' })).toEqual([
    'build/a.ts imports ui/x.ts, which is not on a lower floor',
  ]),
)

test('a folder inside another may have a floor of its own', async () =>
  expect(
    await house({
      'image/a.ts': '',
      'image/buildx/b.ts': "import '../a.ts'",
      'image/writer/c.ts': "import '../buildx/b.ts'",
    }),
  ).toEqual(['image/writer/c.ts imports image/buildx/b.ts, which is not on a lower floor']))

test('rooms of one floor do not import each other', async () =>
  expect(await house({ 'base/a.ts': "import '../config/b.ts'", 'config/b.ts': '' })).toHaveLength(1))

test('a cycle is found, of types too', async () =>
  expect(
    await house({
      'util/a.ts': "import { b } from './b.ts'",
      'util/b.ts': "import type { C } from './c.ts'",
      'util/c.ts': "import type { A } from './a.ts'",
    }),
  ).toEqual(['a cycle: util/a.ts → util/b.ts → util/c.ts → util/a.ts']))

test('a new room has to be put on a floor', async () =>
  expect(await house({ 'attic/a.ts': '' })).toEqual([expect.stringContaining('attic/a.ts is on no floor')]))

test('an arrow that runs down is right', async () =>
  expect(
    await house({ 'ui/x.ts': "import '../build/a.ts'", 'build/a.ts': "import './b.ts'", 'build/b.ts': '' }),
  ).toEqual([]))
