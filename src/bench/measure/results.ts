import { describeSeconds } from '../../util/format.ts'
import {
  type Outcome,
  type Sample,
  type ScenarioName,
  type StrategyName,
  scenarioNames,
  strategyNames,
} from './measurement.ts'

/** Minimum, median and maximum of several runs, in seconds. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
  /** (max − min) ÷ median: 0.1 means that the runs lie within a tenth of each other. */
  readonly spread: number
}

/** What is known of one strategy for one platform and scenario, from all its samples. */
export interface Result {
  readonly platform: string
  readonly strategy: StrategyName
  readonly scenario: ScenarioName
  /** Runs that ended with a time. */
  readonly runs: number
  readonly compile?: Spread
  /** A run that was cut off counts as its limit, the least that it takes; absent where the median run is one. */
  readonly whole?: Spread
  /** How the runs ended that have no time, the limit being the least of their median; absent where all have one. */
  readonly ended?: Exclude<Outcome, { kind: 'measured' }>
  /** Whole seconds ÷ native whole seconds of the same platform and scenario, median to median. */
  readonly ratio?: Ratio
}

/** How many times longer than native: exactly, or at least (a run that was cut off). */
export interface Ratio {
  readonly times: number
  readonly atLeast: boolean
}

/** @throws {RangeError} when there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor((sorted.length - 1) / 2)
  const [low, high] = [sorted[middle], sorted[sorted.length - 1 - middle]]
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (low === undefined || high === undefined || min === undefined || max === undefined) {
    throw new RangeError('no values')
  }
  const median = (low + high) / 2
  return { min, median, max, spread: median > 0 ? (max - min) / median : 0 }
}

/** The results of a set of samples, by platform, then scenario, then strategy, each in its order of appearance or table. */
export function resultsOf(samples: readonly Sample[]): Result[] {
  const platforms = [...new Set(samples.map(({ platform }) => platform))]
  return platforms.flatMap(platform =>
    scenarioNames.flatMap(scenario => {
      const here = samples.filter(sample => sample.platform === platform && sample.scenario === scenario)
      const results = strategyNames.flatMap(strategy => {
        const own = here.filter(sample => sample.strategy === strategy)
        return own.length > 0 ? [resultOf(own as [Sample, ...Sample[]])] : []
      })
      const native = results.find(({ strategy }) => strategy === 'native')
      return results.map(item => withRatio(item, native))
    }),
  )
}

function resultOf(samples: readonly [Sample, ...Sample[]]): Result {
  const [{ platform, strategy, scenario }] = samples
  const outcomes = samples.map(({ outcome }) => outcome)
  const measured = outcomes.filter(outcome => outcome.kind === 'measured')
  const cutOff = outcomes.filter(outcome => outcome.kind === 'cut-off')
  const known = { platform, strategy, scenario, runs: measured.length }
  const times = [...measured.map(({ whole }) => whole), ...cutOff.map(({ limit }) => limit)]
  // Those that were cut off are the longest ones.
  if (cutOff.length > 0 && cutOff.length >= measured.length) {
    return { ...known, ended: { kind: 'cut-off', limit: spreadOf(times).median } }
  }
  const ended = outcomes.findLast(outcome => outcome.kind !== 'measured')
  return {
    ...known,
    ...(measured.length > 0 && {
      compile: spreadOf(measured.map(({ compile }) => compile)),
      whole: spreadOf(times),
    }),
    ...(ended && { ended }),
  }
}

function withRatio(result: Result, native: Result | undefined): Result {
  if (result.strategy === 'native' || !native?.whole) return result
  const ratio = ratioOf(result, native.whole.median)
  return ratio ? { ...result, ratio } : result
}

/** A strategy's whole time over a native one in seconds; undefined for a strategy that crashed, failed, or was cut off sooner. */
export function ratioOf({ whole, ended }: Result, native: number): Ratio | undefined {
  if (!(native > 0)) return undefined
  if (whole) return { times: whole.median / native, atLeast: false }
  if (ended?.kind === 'cut-off' && ended.limit > native) {
    return { times: ended.limit / native, atLeast: true }
  }
  return undefined
}

/** `20.6×`, or `> 20.6×` for a run that was cut off; whole numbers from a hundred on. */
export function describeRatio({ times, atLeast }: Ratio): string {
  return `${atLeast ? '> ' : ''}${times < 99.95 ? times.toFixed(1) : Math.round(times)}×`
}

/** The whole time of a result, or how it ended. */
export function describeResult({ whole, ended }: Result): string {
  if (whole) return describeSeconds(whole.median)
  if (ended?.kind === 'cut-off') return `> ${describeSeconds(ended.limit)}`
  return ended?.kind ?? ''
}
