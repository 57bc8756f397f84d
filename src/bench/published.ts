import type { LanguageName } from '../types.ts'

/**
 * How many times longer than native the emulated builds of docs/benchmarks.md took, cold, from source to binary: the
 * least and the most of each language. test/unit/bench/published.test.ts holds them to the recorded runs.
 */
export const publishedRatios: Readonly<Partial<Record<LanguageName, readonly [low: number, high: number]>>> =
  {}
