import { join } from 'node:path'
import { expect, test } from 'vitest'
import { locateProject } from '../../../src/languages/index.ts'
import { project } from '../../support/projects.ts'

const files = {
  'go.mod': 'module x\n',
  'main.go': 'package main\n',
  'cmd/app/main.go': 'package main\n',
  'docs/index.md': '',
  'nested/go.mod': 'module y\n',
  'nested/main.go': 'package main\n',
  'rust/Cargo.toml': '',
  'rust/build.go': 'package main\n',
}

test.each([
  ['.', '.', undefined],
  ['cmd/app', '.', './cmd/app'],
  ['docs', 'docs', undefined],
  ['nested', 'nested', undefined],
  ['rust', 'rust', undefined],
  ['missing', 'missing', undefined],
])('%s', async (folder, dir, bin) => {
  const root = await project(files)
  expect(await locateProject(join(root, folder))).toEqual({ dir: join(root, dir), ...(bin && { bin }) })
})

test('a folder of Go files outside every module is none', async () => {
  const root = await project({ 'a.go': 'package main\n', '.git/HEAD': '' })
  expect(await locateProject(root)).toEqual({ dir: root })
})
