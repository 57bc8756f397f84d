import { expect, test } from 'vitest'
import { availableMemory, decidesOnGarbage, garbageSettings } from '../../../../src/languages/go/memory.ts'

const GiB = 1024 ** 3

test.each([
  [2, 8 * GiB, '2048MiB'],
  [4, 7 * GiB, '896MiB'],
  [4, 4 * GiB, '512MiB'],
])('%i processes with %i bytes may have %s each before they collect garbage', (processes, memory, limit) =>
  expect(garbageSettings(processes, memory)).toEqual({ GOGC: 'off', GOMEMLIMIT: limit }),
)

test('with little memory they collect it as usual', () =>
  expect(garbageSettings(4, 4 * GiB - 1)).toBeUndefined())

test.each([
  [{ GOGC: '50' }, true],
  [{ GOMEMLIMIT: '1GiB' }, true],
  [{ GOFLAGS: '-v', GOGC: '' }, false],
])('%j: the user decides: %j', (env, decides) => expect(decidesOnGarbage(env)).toBe(decides))

test('there is memory', () => {
  expect(availableMemory()).toBeGreaterThan(0)
  expect(Number.isFinite(availableMemory())).toBe(true)
})
