import { Failure } from '../../errors.ts'
import { describeSeconds } from '../../util/format.ts'
import type { Measurement } from '../measure/measurement.ts'
import { describeRatio, type Ratio, resultsOf, spreadOf } from '../measure/results.ts'
import { type Compared, nativeSeconds, sameMachine, sameProject } from './compare.ts'
import type { Thresholds } from './threshold-flags.ts'

/**
 * Checks a build against its recorded baseline. Its growth is that of the measurement it made, if it made one.
 * @throws {Failure} no, when a threshold is missed, or there is nothing to check.
 */
export function checkComparisons(
  { comparisons, measurements, project, made }: Compared,
  { failUnder, maxGrowth }: Thresholds,
  host: Measurement['host'],
): void {
  const faults: string[] = []
  const earlier = measurements.filter(({ id }) => id !== made?.id)
  if (comparisons.length === 0 && failUnder !== undefined) {
    faults.push(nothingEmulated(failUnder, 'this machine'))
  }
  if (comparisons.length === 0 && maxGrowth !== undefined) {
    faults.push(
      'a build compares only platforms that this machine cannot run itself; xbuild bench checks the growth of the others',
    )
  }
  for (const { platform, ratio, baseline, native } of comparisons) {
    if (failUnder !== undefined) faults.push(...ratioFault(platform, failUnder, ratio, baseline?.ended?.kind))
    if (maxGrowth === undefined) continue
    const own = native?.from === 'this build' ? native.seconds : undefined
    const seconds = (made && nativeSeconds(made, platform)) ?? own
    const history = earlierSeconds(earlier, project, host, platform)
    faults.push(...growthFault(platform, maxGrowth, seconds, history, 'measure it with --bench'))
  }
  refuse(faults)
}

/**
 * Checks a measurement; its growth against the earlier ones of the same project on a machine like this.
 * @throws {Failure} no, when a threshold is missed, or there is nothing to check.
 */
export function checkMeasurement(
  measurement: Measurement,
  earlier: readonly Measurement[],
  { failUnder, maxGrowth }: Thresholds,
): void {
  const { samples, project, host, engine, remarks } = measurement
  const cold = resultsOf(samples).filter(({ scenario }) => scenario === 'cold')
  const faults: string[] = []
  if (failUnder !== undefined) {
    const emulated = cold.filter(({ strategy }) => strategy === 'emulated')
    if (emulated.length === 0 && engine) faults.push(nothingEmulated(failUnder, 'the builder'))
    // Why there was no builder is in the remarks.
    if (emulated.length === 0 && !engine) {
      faults.push(['no emulated build was measured', ...remarks].join('\n'))
    }
    for (const { platform, ratio, ended } of emulated) {
      faults.push(...ratioFault(platform, failUnder, ratio, ended?.kind))
    }
  }
  if (maxGrowth !== undefined) {
    const native = cold.filter(({ strategy }) => strategy === 'native')
    if (native.length === 0) {
      faults.push(
        'there is no cold native time to check the growth of; measure it with --strategy native --scenario cold',
      )
    }
    const others = earlier.filter(({ id }) => id !== measurement.id)
    for (const { platform, whole } of native) {
      const history = earlierSeconds(others, project, host, platform)
      faults.push(...growthFault(platform, maxGrowth, whole?.median, history, 'raise --timeout'))
    }
  }
  refuse(faults)
}

function nothingEmulated(threshold: number, machine: string): string {
  return `${machine} runs every platform of this build itself, so there is no emulation to compare with the threshold of ${threshold}×; choose another with --platform`
}

function ratioFault(
  platform: string,
  threshold: number,
  ratio: Ratio | undefined,
  ended: string | undefined,
): string[] {
  // An emulated build that crashes is no advantage that could be too small.
  if (ended === 'crashed' && !ratio) return []
  if (!ratio) {
    return [
      `${platform}: no ratio was measured to compare with the threshold of ${threshold}×; measure it with xbuild bench, or with --bench in a build`,
    ]
  }
  if (ratio.times >= threshold) return []
  return ratio.atLeast
    ? [
        `${platform}: the emulated build was cut off, so only ${describeRatio(ratio)} is known, below the threshold of ${threshold}×; raise --timeout`,
      ]
    : [
        `${platform}: native is less than ${threshold}× faster than emulation: ${describeRatio(ratio)} was measured`,
      ]
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

/** The first measurement has nothing to be compared with; the history begins with it. */
function growthFault(
  platform: string,
  threshold: number,
  seconds: number | undefined,
  history: readonly number[],
  remedy: string,
): string[] {
  if (seconds === undefined) {
    return [
      `${platform}: no cold native time was measured to compare with the threshold of ${threshold} times the recorded time; ${remedy}`,
    ]
  }
  if (history.length === 0) return []
  const { median } = spreadOf(history)
  if (seconds <= median * threshold) return []
  return [
    `${platform}: native compilation took ${describeSeconds(seconds)} cold, ${(seconds / median).toFixed(1)} times the recorded ${describeSeconds(median)}; the threshold is ${threshold} times`,
  ]
}

function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return
  throw new Failure({
    kind: 'no',
    what: 'The benchmark is below its threshold',
    why: faults.join('\n'),
    fix: 'find what slowed the build down, or change --bench-fail-under or --bench-max-growth',
  })
}
