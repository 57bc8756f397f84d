import { expect, test } from 'vitest'
import { benchRequest, readBounds } from '../../../../src/bench/measure/request.ts'

const auto = { auto: false }

test('by default everything is measured, the emulated path once', () => {
  expect(benchRequest({}, auto)).toEqual({
    paths: ['native', 'dockerfile-cross', 'emulated'],
    rows: ['cold', 'unchanged', 'edited'],
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

test('a time limit for one path leaves the others', () => {
  expect(benchRequest({ timeout: ['emulated=60,native=5'] }, auto).limits).toEqual({
    native: 5,
    'dockerfile-cross': 3600,
    emulated: 60,
  })
})

test('paths and rows are measured in their own order, however they are asked for', () => {
  expect(benchRequest({ path: ['emulated,native'], row: ['edited', 'cold'] }, auto)).toMatchObject({
    paths: ['native', 'emulated'],
    rows: ['cold', 'edited'],
  })
})

test.each([
  [{ path: ['emulate'] }, '--path emulated'],
  [{ row: ['colt'] }, '--row cold'],
  [{ runs: 0 }, '--runs 3'],
  [{ emulatedRuns: 1.5 }, '--emulated-runs 3'],
  [{ timeout: ['soon'] }, '--timeout emulated=600'],
  [{ timeout: ['emulated=-1'] }, '--timeout emulated=600'],
  [{ timeout: ['emulate=60'] }, '--timeout emulated'],
])('%j is refused with what is right', (flags, fix) => {
  expect(() => benchRequest(flags, auto)).toThrow(expect.objectContaining({ kind: 'usage', fix }))
})

test.each([
  [{ benchFailUnder: 5 }, { path: ['native'] }, '--path native,emulated --row cold'],
  [{ benchFailUnder: 5 }, { row: ['edited'] }, '--path native,emulated --row cold'],
  [{ benchMaxGrowth: 2 }, { path: ['emulated'] }, '--path native --row cold'],
])('the bound %j is refused where only %j is measured', (bounds, flags, fix) => {
  expect(() => readBounds(bounds, benchRequest(flags, auto))).toThrow(
    expect.objectContaining({ kind: 'usage', fix }),
  )
  expect(() => readBounds(bounds, benchRequest({}, auto))).not.toThrow()
})

test('bounds are numbers above 0', () => {
  expect(readBounds({ benchFailUnder: 5 })).toEqual({ failUnder: 5 })
  expect(() => readBounds({ benchFailUnder: 0 })).toThrow(expect.objectContaining({ kind: 'usage' }))
  expect(() => readBounds({ benchMaxGrowth: Number.NaN })).toThrow(expect.objectContaining({ kind: 'usage' }))
})
