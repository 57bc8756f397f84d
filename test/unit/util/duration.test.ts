import { expect, test } from 'vitest'
import { parseDuration } from '../../../src/util/duration.ts'

test.each([
  ['30s', 30e9],
  ['1m30s', 90e9],
  ['500ms', 5e8],
  ['1.5h', 5400e9],
  ['1h0m0.5s', 3600.5e9],
  ['10', undefined],
  ['', undefined],
  ['s', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['1d', undefined],
])('%s', (text, expected) => expect(parseDuration(text)).toBe(expected))
