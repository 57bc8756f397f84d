import { expect, test } from 'vitest'
import { formatValues } from '../../../../src/ci/github/files.ts'
import { parseValues } from '../../../support/fake-github.ts'

test.each([
  'one line',
  'two\nlines',
  'a=b',
  'EOF\nevil=1',
  'x<<EOF\nevil\nEOF',
  '',
  '$(id) `id` %0A::error::x',
])('the runner reads %j as it was', value => {
  expect(parseValues(formatValues({ first: value, second: 'x' }))).toEqual({ first: value, second: 'x' })
})

test('two files have two delimiters', () => {
  expect(formatValues({ a: '1' })).not.toBe(formatValues({ a: '1' }))
})
