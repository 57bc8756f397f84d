import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { publishedRatios } from '../../../../src/bench/compare/published.ts'
import type { Measurement } from '../../../../src/bench/measure/measurement.ts'
import { resultsOf } from '../../../../src/bench/measure/results.ts'
import { readRecorded } from '../../../../src/bench/measure/store.ts'
import { measurement, sample } from '../measurements.ts'

const folder = fileURLToPath(new URL('../../../../docs/benchmarks/', import.meta.url))
const files = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.json')) : []

/** Least and most times native by language, with one decimal; a run that has no time tells no ratio. */
function ratiosOf(measurements: readonly Measurement[]): Record<string, [number, number]> {
  const found: Record<string, [number, number]> = {}
  for (const { project, samples } of measurements) {
    const cold = resultsOf(samples).filter(({ scenario }) => scenario === 'cold')
    for (const { platform, strategy, whole } of cold) {
      const native = cold.find(item => item.platform === platform && item.strategy === 'native')?.whole
      if (strategy !== 'emulated' || !whole || !native) continue
      const [low, high] = found[project.language] ?? [Number.POSITIVE_INFINITY, 0]
      const rounded = (value: number) => Math.round(value * 10) / 10
      found[project.language] = [
        Math.min(low, rounded(whole.min / native.max)),
        Math.max(high, rounded(whole.max / native.min)),
      ]
    }
  }
  return found
}

test('the range of a language is that of its runs', () => {
  const one = measurement({ samples: [sample('native', 10), sample('native', 12), sample('emulated', 240)] })
  const cut = measurement({
    samples: [sample('native', 10), sample('emulated', { kind: 'cut-off', limit: 99 })],
  })
  expect(ratiosOf([one, cut])).toEqual({ go: [20, 24] })
})

test('estimates are those of the published runs', async () => {
  const published = (await Promise.all(files.map(name => readRecorded(folder + name)))).flat()
  expect(publishedRatios).toEqual(ratiosOf(published))
})

test.each(files)('%s is a run with nothing left out, and its chart lies beside it', async name => {
  const [{ samples, emulators, source }] = (await readRecorded(folder + name)) as [Measurement]
  expect(samples.filter(({ outcome }) => outcome.kind === 'failed')).toEqual([])
  expect(new Set(samples.map(({ strategy }) => strategy))).toEqual(
    new Set(['native', 'dockerfile-cross', 'emulated']),
  )
  expect(source.revision).toMatch(/^[0-9a-f]{40}$/)
  for (const { platform } of samples) expect(emulators[platform]?.version).toMatch(/^\d/)
  expect(existsSync(folder + name.replace(/\.json$/, '.svg'))).toBe(true)
})
