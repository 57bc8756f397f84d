import { expect, test } from 'vitest'
import { parseList } from '../../../../src/ci/action/lists.ts'

test.each([
  ['', []],
  ['a,b', ['a', 'b']],
  ['a\nb\n\n  c  ', ['a', 'b', 'c']],
  ['a\r\nb', ['a', 'b']],
  ['"a\nb"', ['a\nb']],
])('%j is the list %j', (text, items) => expect(parseList(text)).toEqual(items))

test.each([
  ['type=local,src=x\ntype=gha', ['type=local,src=x', 'type=gha']],
  ['"key=a,b"', ['key=a,b']],
  ['key={"a":1,"b":[2]}', ['key={"a":1,"b":[2]}']],
  ['"key=say ""hi"""\nother=1', ['key=say "hi"', 'other=1']],
  ['"key=two\nlines"', ['key=two\nlines']],
])('%j with commas in items is the list %j', (text, items) =>
  expect(parseList(text, { keepCommas: true })).toEqual(items),
)

test('quotes are characters of an output', () => {
  expect(parseList('"type=local","dest=x"', { keepCommas: true, keepQuotes: true })).toEqual([
    '"type=local","dest=x"',
  ])
})
