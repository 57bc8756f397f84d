import { expect, it } from 'vitest'
import { parseRetryAfter } from '../../../src/registry/retry.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

it.each([
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['1', 1],
  [' 30 ', 30],
  ['600', 600],
  ['-5', undefined],
  ['1.5', undefined],
  ['1e9', undefined],
  ['99999999999999999999', undefined],
  ['soon', undefined],
  ['2026', 2026],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10],
  ['Thu, 01 Jan 2026 00:10:00 GMT', 600],
  ['Wed, 31 Dec 2025 23:59:59 GMT', 0],
  ['Thu, 99 Foo 2026 00:00:10 GMT', undefined],
])('parseRetryAfter(%j) is %s', (header, seconds) => {
  expect(parseRetryAfter(header, now)).toBe(seconds)
})
