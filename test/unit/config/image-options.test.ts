import { expect, test } from 'vitest'
import { imageOptions } from '../../../src/config/image-options.ts'

test.each([
  [['a:1,a:2'], ['a:1', 'a:2']],
  [['a:1\na:2\n'], ['a:1', 'a:2']],
  [
    ['a:1, a:2', 'b'],
    ['a:1', 'a:2', 'b'],
  ],
  [['a'], ['a']],
  [[','], [',']],
])('--tag %j', (tag, tags) => {
  expect(imageOptions({}, '/', { tag }).tags).toEqual(tags)
})

test.each<[string, Record<string, string>]>([
  ['a=1\nb=2\n', { a: '1', b: '2' }],
  ['org.example.a=x, y=z\norg.example.b=', { 'org.example.a': 'x, y=z', 'org.example.b': '' }],
  ['a=1,b=2', { a: '1,b=2' }],
  ['a=first line\nsecond line', { a: 'first line\nsecond line' }],
  ['a=1', { a: '1' }],
])('--label %j', (label, labels) => {
  expect(imageOptions({}, '/', { label: [label] }).labels).toEqual(labels)
})

test('--annotation takes a list by line', () => {
  const annotation = ['index:a=1\nmanifest[linux/amd64]:b=2', 'c=3']
  expect(imageOptions({}, '/', { annotation }).annotations).toEqual([
    'index:a=1',
    'manifest[linux/amd64]:b=2',
    'c=3',
  ])
})
