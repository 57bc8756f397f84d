import { expect, test } from 'vitest'
import { workflowCommand } from '../../../../src/ci/github/commands.ts'
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

test('no text ends its command and begins another', () => {
  const line = workflowCommand('error', 'a\n::set-env name=X::y\r\n100%', { title: 'a,b:c\nd', line: 3 })
  expect(line).toBe('::error title=a%2Cb%3Ac%0Ad,line=3::a%0A::set-env name=X::y%0D%0A100%25')
})
