import { expect, it } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { defaultRetryPolicy, parseRetryAfter, retrying, TransientError } from '../../../src/registry/retry.ts'

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

it.each([
  ['as often as the policy grants', undefined, 6],
  ['less often, where that is of no use', 3, 3],
])('tries %s', async (_name, attempts, expected) => {
  const failure = new Failure({ kind: 'registry', what: 'gone' })
  let tried = 0
  const work = retrying({ ...defaultRetryPolicy, sleep: async () => {} }, undefined, async () => {
    tried++
    throw new TransientError(failure, undefined, attempts)
  })
  await expect(work).rejects.toMatchObject({ what: 'gone', why: `tried ${expected} times` })
  expect(tried).toBe(expected)
})
