import { expect, it } from 'vitest'
import { readMergeInputs } from '../../../../src/image/publish/merge-inputs.ts'
import { formatReference } from '../../../../src/oci/reference.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { project } from '../../../support/projects.ts'

const [a, b, c] = ['a', 'b', 'c'].map(letter => `sha256:${letter.repeat(64)}`)
const read = async (words: readonly string[], tags: readonly string[] = []) =>
  (await readMergeInputs(words, tags)).map(({ sources, tags }) => [
    sources.map(formatReference).map(text => text.replace(/(\w)\1{63}/, '$1')),
    tags,
  ])

it('groups files by the tags that are in them', async () => {
  const dir = await project({
    'one/amd64': `r.io/app:1@${a}\nr.io/app:2@${a}\nr.io/tool:1@${c}\n`,
    'two/arm64': `r.io/app:2@${b}\nr.io/app:1@${b}\n`,
  })
  expect(await read([dir])).toEqual([
    [
      ['r.io/app@sha256:a', 'r.io/app@sha256:b'],
      ['r.io/app:1', 'r.io/app:2'],
    ],
    [['r.io/tool@sha256:c'], ['r.io/tool:1']],
  ])
  expect(await read([dir], ['x.io/y:3'])).toEqual([
    [['r.io/app@sha256:a', 'r.io/tool@sha256:c', 'r.io/app@sha256:b'], ['x.io/y:3']],
  ])
})

it('reads digests of the repository of the tag, and references by tag', async () => {
  expect(await read([a as string, 'r.io/app:arm64'], ['r.io/app:1'])).toEqual([
    [['r.io/app@sha256:a', 'r.io/app:arm64'], ['r.io/app:1']],
  ])
})

it('refuses tags that only some of the jobs were given', async () => {
  const words = [`r.io/app:1@${a}`, `r.io/app:1@${b}`, `r.io/app:2@${b}`]
  expect(await failureOf(readMergeInputs(words, []))).toMatchObject({
    kind: 'usage',
    what: 'r.io/app:1 would be given to several images',
  })
})

it('refuses an empty folder and an empty file', async () => {
  const dir = await project({ file: '' })
  expect(await failureOf(readMergeInputs([`${dir}/file`], ['x:1']))).toMatchObject({ why: 'it is empty' })
  expect(await failureOf(readMergeInputs([`${dir}/none`], ['x:1']))).toMatchObject({
    why: expect.stringContaining('no such file'),
  })
})

it.each([
  [`oci-layout${'\0'.repeat(90)}x`, 1, '"oci-layout x" cannot be merged'],
  ['{\n', 1, '"{" cannot be merged'],
  ['\n# notes\n', 2, '"#" cannot be merged'],
  ['alpine\n', 1, '"alpine" cannot be merged'],
  [`r.io/app:1@${a}\nr.io/App:1`, 2, '"r.io/App:1" is no image reference'],
])('names the line of a file that is something else: %j', async (text, line, what) => {
  const dir = await project({ 'amd64.txt': text })
  const failure = await failureOf(readMergeInputs([dir], ['x:1']))
  expect(failure.where).toBe(`${dir}/amd64.txt:${line}`)
  expect(failure.what).toContain(what)
})
