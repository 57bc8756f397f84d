import { expect, test } from 'vitest'
import { wantedImages, wantedNames } from '../../../src/build/wanted-images.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import type { Project } from '../../../src/languages/language.ts'
import { failureOf } from '../../support/failure-of.ts'
import { project } from '../../support/projects.ts'

const executables = ['server', 'tool', 'worker'].map(name => ({ name, package: `./cmd/${name}` }))
const go = { root: '/p', executables } as unknown as Project

async function wanted(toml: string, bin: string[] = []): Promise<string[]> {
  const dir = await project({ 'xbuild.toml': toml })
  const options = await resolveOptions({ dir, ...(bin.length > 0 && { bin }) }, {})
  return wantedImages(go, options).map(
    ({ name, executables }) => `${name}: ${executables.map(item => item.name).join(' ')}`,
  )
}

test.each<[string, string[], string[]]>([
  ['[image]\nprograms = ["worker", "server"]', [], ['worker: worker server']],
  ['[image]\nprograms = ["worker", "server"]', ['server'], ['worker: worker server']],
  ['[images.all]\nprograms = ["server", "worker"]\n[images.tool]', [], ['all: server worker', 'tool: tool']],
  ['[images.all]\nprograms = ["server", "worker"]\n[images.tool]', ['worker'], ['all: server worker']],
  ['[image]\nprograms = ["server", "worker"]\n[images.one]\nbin = "tool"', [], ['one: tool']],
  [
    '[image]\nprograms = ["server", "worker"]\n[images.a]\n[images.b]',
    [],
    ['a: server worker', 'b: server worker'],
  ],
  ['', ['tool', 'server'], ['tool: tool', 'server: server']],
])('%j with --bin %j', async (toml, bin, expected) => {
  expect(await wanted(toml, bin)).toEqual(expected)
})

test('the programs are what is read of the project', async () => {
  const dir = await project({ 'xbuild.toml': '[images.all]\nprograms = ["server", "worker"]\n[images.tool]' })
  expect(wantedNames(await resolveOptions({ dir }, {}))).toEqual(['server', 'worker', 'tool'])
})

test.each([
  ['[image]\nprograms = ["server", "worker"]', ['tool'], 'There is no image "tool"'],
  ['[image]\nprograms = ["sever"]', [], 'did you mean server?'],
  ['[images.a]\nbin = "tool"\nprograms = ["server"]', [], '[images.a] has bin and programs'],
  ['[image]\nprograms = []', [], 'has a mistake'],
])('%j with --bin %j is refused', async (toml, bin, what) => {
  expect(await failureOf(wanted(toml, bin))).toMatchObject({
    kind: 'usage',
    what: expect.stringContaining(what),
  })
})
