import { expect, test } from 'vitest'
import { resultsOf, spreadOf } from '../../../../src/bench/measure/results.ts'
import { sample } from '../measurements.ts'

test.each([
  [[3], { min: 3, median: 3, max: 3, spread: 0 }],
  [[4, 2], { min: 2, median: 3, max: 4, spread: 2 / 3 }],
  [[10, 9, 20], { min: 9, median: 10, max: 20, spread: 1.1 }],
  [[1, 2, 3, 10], { min: 1, median: 2.5, max: 10, spread: 3.6 }],
])('spreadOf(%j)', (values, expected) => expect(spreadOf(values)).toEqual(expected))

test('the spread of nothing is an error, not a number', () => {
  expect(() => spreadOf([])).toThrow(RangeError)
})

test('a ratio compares medians of whole seconds with the native ones of the same scenario', () => {
  const results = resultsOf([
    sample('emulated', 100),
    ...[4, 5, 9].map(seconds => sample('native', seconds)),
    sample('emulated', 3, 'unchanged'),
    sample('native', 1, 'unchanged'),
  ])
  expect(results.map(({ strategy, scenario, ratio }) => [scenario, strategy, ratio])).toEqual([
    ['cold', 'native', undefined],
    ['cold', 'emulated', { times: 20, atLeast: false }],
    ['unchanged', 'native', undefined],
    ['unchanged', 'emulated', { times: 3, atLeast: false }],
  ])
  expect(results[0]?.whole).toEqual({ min: 4, median: 5, max: 9, spread: 1 })
})

test('a run that was cut off has no time; its ratio is a lower bound', () => {
  const [, emulated] = resultsOf([sample('native', 5), sample('emulated', { kind: 'cut-off', limit: 100 })])
  expect(emulated).toMatchObject({ runs: 0, ratio: { times: 20, atLeast: true } })
  expect(emulated?.whole).toBeUndefined()
})

const limit = 300
const cutOff = { kind: 'cut-off', limit } as const
test.each([
  [[290, cutOff, cutOff], undefined, limit, { times: 60, atLeast: true }],
  [[290, cutOff], undefined, 295, { times: 59, atLeast: true }],
  [[cutOff, 100, 110], { min: 100, median: 110, max: limit }, limit, { times: 22, atLeast: false }],
])('in the median of %j a run that was cut off counts as at least its limit', (runs, whole, least, ratio) => {
  const [, emulated] = resultsOf([sample('native', 5), ...runs.map(run => sample('emulated', run))])
  expect(emulated).toMatchObject({ ended: { kind: 'cut-off', limit: least }, ratio })
  if (whole) expect(emulated?.whole).toMatchObject(whole)
  else expect(emulated?.whole).toBeUndefined()
})

test('where as many runs were cut off as have a time, a crash does not hide it', () => {
  const crashed = { kind: 'crashed', detail: 'signal 11' } as const
  const [result] = resultsOf([290, cutOff, crashed].map(run => sample('emulated', run)))
  expect(result).toMatchObject({ runs: 1, ended: { kind: 'cut-off' } })
})

test('one that was cut off sooner than native takes says nothing of the ratio', () => {
  const [, emulated] = resultsOf([sample('native', 5), sample('emulated', { kind: 'cut-off', limit: 4 })])
  expect(emulated?.ratio).toBeUndefined()
})

test.each(['crashed', 'failed'] as const)('a run that %s is never a time', kind => {
  const [, emulated] = resultsOf([sample('native', 5), sample('emulated', { kind, detail: 'why' })])
  expect(emulated).toMatchObject({ runs: 0, ended: { kind, detail: 'why' } })
  expect(emulated?.ratio).toBeUndefined()
})

test('where one run crashed and another did not, both are kept', () => {
  const crashed = sample('emulated', { kind: 'crashed', detail: 'signal 11' })
  const [result] = resultsOf([sample('emulated', 100), crashed])
  expect(result).toMatchObject({ runs: 1, whole: { median: 100 }, ended: { kind: 'crashed' } })
})

test('without a native run there is no ratio', () => {
  expect(resultsOf([sample('emulated', 100)])[0]?.ratio).toBeUndefined()
})

test('platforms are kept apart', () => {
  const results = resultsOf([
    sample('native', 5),
    sample('native', 7, 'cold', 'linux/riscv64'),
    sample('emulated', 70, 'cold', 'linux/riscv64'),
  ])
  expect(results.map(({ platform, ratio }) => [platform, ratio?.times])).toEqual([
    ['linux/arm64', undefined],
    ['linux/riscv64', undefined],
    ['linux/riscv64', 10],
  ])
})
