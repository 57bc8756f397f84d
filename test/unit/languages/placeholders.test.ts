import { expect, test } from 'vitest'
import { fillEnv, stepPlaceholders } from '../../../src/languages/placeholders.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import { fillPlaceholders } from '../../../src/util/placeholders.ts'
import { failureOf } from '../../support/failure-of.ts'

const source = { epoch: 0, version: '1.2.3' }
const app = { name: 'app', package: '.' }
const [amd64, arm64] = parsePlatforms(['amd64', 'arm64'])

test('a step of one program for one platform knows both', () => {
  const values = stepPlaceholders({ source, executables: [app] }, [amd64 as never])
  expect(fillEnv({ V: '{name} {version} {platform}' }, values, '[rust] env')).toEqual({
    V: 'app 1.2.3 linux/amd64',
  })
})

test.each([
  ['{platform}', [app], [amd64, arm64]],
  ['{name}', [app, { name: 'b', package: './b' }], [amd64]],
])('%s has no value where a step makes several', async (text, executables, platforms) => {
  const values = stepPlaceholders({ source, executables }, platforms as never)
  expect(await failureOf(() => fillEnv({ V: text }, values, '[rust] env'))).toMatchObject({
    kind: 'usage',
    what: `${text} in [rust] env V has no value`,
  })
})

test.each([
  ['{{version}}', '{version}'],
  ['{{env.HOME}} {{name}}', '{env.HOME} {name}'],
  ['a{{version}}b{version}', 'a{version}b1.2.3'],
  ['{"v":"{version}"}', '{"v":"1.2.3"}'],
  ['{{.Name}} {{other}} {{"a":{}}}', '{{.Name}} {{other}} {{"a":{}}}'],
  ['{other} {', '{other} {'],
])('%s is %s', (text, expected) => {
  const values = { version: '1.2.3', name: undefined }
  expect(fillPlaceholders(text, values, 'x', {})).toBe(expected)
})
