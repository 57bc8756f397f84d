import { Failure } from '../../errors.ts'
import type { StrategyName } from '../measure/measurement.ts'
import type { BenchRequest } from '../measure/request.ts'

/** What a build or a measurement must keep to; what is absent is not checked. */
export interface Thresholds {
  /** The least factor by which native must be faster than the emulated strategy. */
  readonly failUnder?: number
  /** The largest factor by which cold native seconds may exceed the recorded ones. */
  readonly maxGrowth?: number
}

/** The flags that turn a comparison into a check. */
export interface ThresholdFlags {
  readonly benchFailUnder?: number | undefined
  readonly benchMaxGrowth?: number | undefined
}

/**
 * The thresholds of --bench-fail-under and --bench-max-growth.
 * @param request what will be measured; it must cover what the thresholds check, or the check would always pass.
 * @throws {Failure} usage
 */
export function readThresholds(flags: ThresholdFlags, request?: BenchRequest): Thresholds {
  const failUnder = aboveZero(flags.benchFailUnder, '--bench-fail-under')
  const maxGrowth = aboveZero(flags.benchMaxGrowth, '--bench-max-growth')
  if (failUnder !== undefined) checkCovered(['native', 'emulated'], '--bench-fail-under', request)
  if (maxGrowth !== undefined) checkCovered(['native'], '--bench-max-growth', request)
  return { ...(failUnder !== undefined && { failUnder }), ...(maxGrowth !== undefined && { maxGrowth }) }
}

function checkCovered(
  needed: readonly StrategyName[],
  flag: string,
  request: BenchRequest | undefined,
): void {
  if (!request) return
  const { strategies, scenarios } = request
  if (scenarios.includes('cold') && needed.every(strategy => strategies.includes(strategy))) return
  throw new Failure({
    kind: 'usage',
    what: `${flag} has nothing to check`,
    why: `it checks cold builds with ${needed.length > 1 ? 'the strategies' : 'the strategy'} ${needed.join(' and ')}, which are not measured`,
    fix: `--strategy ${needed.join(',')} --scenario cold`,
  })
}

function aboveZero(value: number | undefined, flag: string): number | undefined {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return value
  throw new Failure({
    kind: 'usage',
    what: `${flag} ${value} is not understood`,
    why: 'it is a number above 0',
    fix: `${flag} 5`,
  })
}
