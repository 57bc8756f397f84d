import { expect, test } from 'vitest'
import { wantedExecutables } from '../../../../src/bench/measure/job.ts'
import type { ImageOptions } from '../../../../src/config/image-options.ts'
import type { Options } from '../../../../src/config/options.ts'
import type { Project } from '../../../../src/languages/language.ts'

const executables = ['server', 'client'].map(name => ({ name, package: `./cmd/${name}` }))
const project = { root: '/p', executables } as unknown as Project
const images = {
  web: { bin: 'server', programs: [] },
  api: { bin: 'server', programs: [] },
  client: { programs: [] },
} as unknown as Record<string, ImageOptions>
const names = (bins: readonly string[]) =>
  wantedExecutables(project, { bins, images, ofFile: [] } as unknown as Options).map(({ name }) => name)

test.each([
  [[], ['server', 'client']],
  [['web'], ['server']],
  [['server'], ['server']],
  [
    ['client', 'api'],
    ['client', 'server'],
  ],
])('--bin %j measures what a build of it compiles', (bins, expected) => {
  expect(names(bins)).toEqual(expected)
})

test('what a build refuses is not measured', () => {
  expect(() => names(['nothing'])).toThrow(expect.objectContaining({ kind: 'usage', fix: '--bin web' }))
})
