import { expect, test } from 'vitest'
import { readThresholds } from '../../../../src/bench/compare/threshold-flags.ts'
import { benchRequest } from '../../../../src/bench/measure/request.ts'

const auto = { auto: false }

test('by default everything is measured, the emulated strategy once', () => {
  expect(benchRequest({}, auto)).toEqual({
    strategies: ['native', 'dockerfile-cross', 'emulated'],
    named: false,
    needsBuilder: false,
    scenarios: ['cold', 'unchanged', 'edited'],
    runs: { native: 3, 'dockerfile-cross': 3, emulated: 1 },
    limits: { native: 3600, 'dockerfile-cross': 3600, emulated: 3600 },
  })
})

test('flags go before [bench]', () => {
  const config = { ...auto, runs: 5, 'emulated-runs': 2, timeout: 100 }
  expect(benchRequest({}, config)).toMatchObject({
    runs: { native: 5, emulated: 2 },
    limits: { native: 100 },
  })
  expect(benchRequest({ runs: 7, timeout: ['9'] }, config)).toMatchObject({
    runs: { native: 7, emulated: 2 },
    limits: { native: 9 },
  })
})

test('a time limit for one strategy leaves the others', () => {
  expect(benchRequest({ timeout: ['emulated=60,native=5'] }, auto).limits).toEqual({
    native: 5,
    'dockerfile-cross': 3600,
    emulated: 60,
  })
})

test('strategies and scenarios are measured in their own order, however they are asked for', () => {
  expect(benchRequest({ strategy: ['emulated,native'], scenario: ['edited', 'cold'] }, auto)).toMatchObject({
    strategies: ['native', 'emulated'],
    scenarios: ['cold', 'edited'],
  })
})

test.each([
  [{ strategy: ['emulate'] }, '--strategy emulated'],
  [{ scenario: ['colt'] }, '--scenario cold'],
  [{ runs: 0 }, '--runs 3'],
  [{ emulatedRuns: 1.5 }, '--emulated-runs 3'],
  [{ timeout: ['soon'] }, '--timeout emulated=600'],
  [{ timeout: ['emulated=-1'] }, '--timeout emulated=600'],
  [{ timeout: ['emulate=60'] }, '--timeout emulated'],
])('%j is refused with what is right', (flags, fix) => {
  expect(() => benchRequest(flags, auto)).toThrow(expect.objectContaining({ kind: 'usage', fix }))
})

test.each([
  [{ benchFailUnder: 5 }, { strategy: ['native'] }, '--strategy native,emulated --scenario cold'],
  [{ benchFailUnder: 5 }, { scenario: ['edited'] }, '--strategy native,emulated --scenario cold'],
  [{ benchMaxGrowth: 2 }, { strategy: ['emulated'] }, '--strategy native --scenario cold'],
])('the threshold %j is refused where only %j is measured', (thresholds, flags, fix) => {
  expect(() => readThresholds(thresholds, benchRequest(flags, auto))).toThrow(
    expect.objectContaining({ kind: 'usage', fix }),
  )
  expect(() => readThresholds(thresholds, benchRequest({}, auto))).not.toThrow()
})

test('thresholds are numbers above 0', () => {
  expect(readThresholds({ benchFailUnder: 5 })).toEqual({ failUnder: 5 })
  expect(() => readThresholds({ benchFailUnder: 0 })).toThrow(expect.objectContaining({ kind: 'usage' }))
  expect(() => readThresholds({ benchMaxGrowth: Number.NaN })).toThrow(
    expect.objectContaining({ kind: 'usage' }),
  )
})
