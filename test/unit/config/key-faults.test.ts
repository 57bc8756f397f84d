import { expect, test } from 'vitest'
import { keyDocs } from '../../../src/config/key-docs.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { failureOf } from '../../support/failure-of.ts'

/** Tables that hold several of a kind. */
const arrays = ['image.files', 'image.folders', 'build.before']

/** A file in which one key has a value of a type that no key has, and the line of that. */
function fileWith(path: string): { text: string; place: string } {
  const parts = path.split('.').map(part => (/^[\w-]+$/.test(part) ? part : '"linux/arm64"'))
  const key = parts.at(-1) as string
  const table = parts.slice(0, -1).join('.')
  const isArray = arrays.includes(table)
  const header = table && (isArray ? `[[${table}]]` : `[${table}]`)
  const lines = ['# a comment', ...(header ? [header] : []), `  ${key} = 1979-05-27T07:32:00Z`]
  return { text: `${lines.join('\n')}\n`, place: `${lines.length}:3` }
}

test.each(Object.keys(keyDocs))('%s of a wrong type is named with its file, line and column', async path => {
  const { text, place } = fileWith(path)
  const { where } = await failureOf(() => parseConfig(text, '/app/xbuild.toml'))
  expect(where?.split('\n')).toContain(`/app/xbuild.toml:${place}`)
})

test('a key with a character that nothing can hold is named so, too', async () => {
  const { where } = await failureOf(() =>
    parseConfig('[image]\nargs = ["a",\n "\\u0000"]', '/app/xbuild.toml'),
  )
  expect(where).toBe('/app/xbuild.toml:3:2')
})
