import type { LanguageName } from '../../languages/options.ts'

/**
 * How many times longer than native the emulated builds of docs/benchmarks took, cold, from source to binary: of each
 * language the least (quickest emulated ÷ slowest native run) and the most, with one decimal. A language without a
 * published run has no estimate. test/unit/bench/compare/published.test.ts holds them to the recorded runs and prints what
 * belongs here.
 */
export const publishedRatios: Readonly<Partial<Record<LanguageName, readonly [low: number, high: number]>>> =
  {
    go: [11.9, 15.6],
    rust: [16.3, 20.7],
    zig: [8.3, 9.6],
  }

/** The platform of those runs. */
export const publishedPlatform = 'linux/arm64'
