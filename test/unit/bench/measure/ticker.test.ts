import { afterEach, expect, test, vi } from 'vitest'
import { describeElapsed, openTicker } from '../../../../src/bench/measure/ticker.ts'

afterEach(() => vi.useRealTimers())

test.each([
  [0.4, '0 s'],
  [59.9, '59 s'],
  [60, '1 min 00 s'],
  [3671, '61 min 11 s'],
])('describeElapsed(%d)', (seconds, text) => expect(describeElapsed(seconds)).toBe(text))

test('a run that says nothing is still told of, with the time that it has taken', () => {
  vi.useFakeTimers()
  const said: string[] = []
  const ticker = openTicker('cold, run 1 of 3', text => said.push(text))
  vi.advanceTimersByTime(1000)
  ticker.detail('compile')
  vi.advanceTimersByTime(1000)
  ticker.close()
  vi.advanceTimersByTime(5000)
  expect(said).toEqual([
    'cold, run 1 of 3, 0 s',
    'cold, run 1 of 3, 1 s',
    'cold, run 1 of 3, 1 s · compile',
    'cold, run 1 of 3, 2 s · compile',
  ])
})
