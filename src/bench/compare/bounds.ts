import { Failure } from '../../errors.ts'
import { describeSeconds } from '../../util/format.ts'
import type { Measurement } from '../measure/measurement.ts'
import { rowsOf, spreadOf } from '../measure/samples.ts'
import { describeRatio } from '../render/view.ts'
import type { Compared } from './after-build.ts'
import { type Comparison, nativeSeconds, sameMachine, sameProject } from './compare.ts'

/** What a build or a measurement must keep to; what is absent is not asked. */
export interface Bounds {
  /** The least times that the emulated path must take longer than native. */
  readonly failUnder?: number
  /** The most that cold native seconds may be of the recorded ones. */
  readonly maxGrowth?: number
}

/**
 * Checks how a build stands against its recorded baseline; its growth by the measurement that it made, if it made one.
 * @throws {Failure} no, when a bound is not kept, or there is nothing to judge it by.
 */
export function checkComparisons(
  { comparisons, measurements, project, made }: Compared,
  { failUnder, maxGrowth }: Bounds,
  host: Measurement['host'],
): void {
  const faults: string[] = []
  const earlier = measurements.filter(({ id }) => id !== made?.id)
  if (comparisons.length === 0 && failUnder !== undefined) {
    faults.push(nothingEmulated(failUnder, 'this machine'))
  }
  if (comparisons.length === 0 && maxGrowth !== undefined) {
    faults.push(
      'a build compares only what this machine cannot run itself: xbuild bench judges the growth of the rest',
    )
  }
  for (const { platform, ratio, baseline, native } of comparisons) {
    if (failUnder !== undefined) faults.push(...ratioFault(platform, failUnder, ratio, baseline?.ended?.kind))
    if (maxGrowth === undefined) continue
    const own = native?.from === 'this build' ? native.seconds : undefined
    const seconds = (made && nativeSeconds(made, platform)) ?? own
    const history = earlierSeconds(earlier, project, host, platform)
    faults.push(...growthFault(platform, maxGrowth, seconds, history, '--bench measures it'))
  }
  refuse(faults)
}

/**
 * Checks a measurement; its growth against the earlier ones of the same project on a machine like this.
 * @throws {Failure} no, when a bound is not kept, or there is nothing to judge it by.
 */
export function checkMeasurement(
  measurement: Measurement,
  earlier: readonly Measurement[],
  { failUnder, maxGrowth }: Bounds,
): void {
  const { samples, project, host } = measurement
  const cold = rowsOf(samples).filter(({ row }) => row === 'cold')
  const faults: string[] = []
  if (failUnder !== undefined) {
    const rows = cold.filter(({ path }) => path === 'emulated')
    if (rows.length === 0) faults.push(nothingEmulated(failUnder, 'the builder'))
    for (const { platform, ratio, ended } of rows) {
      faults.push(...ratioFault(platform, failUnder, ratio, ended?.kind))
    }
  }
  if (maxGrowth !== undefined) {
    const rows = cold.filter(({ path }) => path === 'native')
    if (rows.length === 0)
      faults.push('there is no cold native time whose growth could be judged: --path native --row cold')
    const others = earlier.filter(({ id }) => id !== measurement.id)
    for (const { platform, whole } of rows) {
      const history = earlierSeconds(others, project, host, platform)
      faults.push(...growthFault(platform, maxGrowth, whole?.median, history, 'more --timeout lets it end'))
    }
  }
  refuse(faults)
}

function nothingEmulated(bound: number, machine: string): string {
  return `${machine} runs every platform here itself, so there is no emulation to hold against ${bound}×: --platform names another`
}

function ratioFault(
  platform: string,
  bound: number,
  ratio: Comparison['ratio'],
  ended: string | undefined,
): string[] {
  // An emulated build that crashes is no advantage that could be too small.
  if (ended === 'crashed' && !ratio) return []
  if (!ratio)
    return [
      `${platform}: there is no measured ratio to hold against ${bound}×: xbuild bench, or --bench within a build, measures it`,
    ]
  if (ratio.times >= bound) return []
  return ratio.atLeast
    ? [
        `${platform}: ${describeRatio(ratio)} is all that is known, and the bound is ${bound}×: give --timeout more`,
      ]
    : [`${platform}: emulation takes ${describeRatio(ratio)} as long as native, and the bound is ${bound}×`]
}

/** Cold native seconds of earlier measurements, oldest first. */
function earlierSeconds(
  measurements: readonly Measurement[],
  project: Measurement['project'],
  host: Measurement['host'],
  platform: string,
): number[] {
  return measurements
    .filter(item => sameProject(item.project, project) && sameMachine(item, host))
    .flatMap(item => nativeSeconds(item, platform) ?? [])
}

/** The first measurement has nothing to be held against, and begins the history. */
function growthFault(
  platform: string,
  bound: number,
  seconds: number | undefined,
  history: readonly number[],
  remedy: string,
): string[] {
  if (seconds === undefined)
    return [
      `${platform}: there is no cold native time to hold against ${bound} times the recorded one: ${remedy}`,
    ]
  if (history.length === 0) return []
  const { median } = spreadOf(history)
  if (seconds <= median * bound) return []
  return [
    `${platform}: native compilation took ${describeSeconds(seconds)} cold, ${(seconds / median).toFixed(1)} times the recorded ${describeSeconds(median)}, and the bound is ${bound}`,
  ]
}

function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return
  throw new Failure({
    kind: 'no',
    what: 'The benchmark does not keep its bounds',
    why: faults.join('\n'),
    fix: 'find out what slowed it down, or change --bench-fail-under or --bench-max-growth',
  })
}
