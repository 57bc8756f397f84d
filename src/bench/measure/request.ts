import type { Options } from '../../config/options.ts'
import { Failure } from '../../errors.ts'
import { closestMatch } from '../../util/closest-match.ts'
import { type ScenarioName, type StrategyName, scenarioNames, strategyNames } from './measurement.ts'

/** What is to be measured. */
export interface BenchRequest {
  readonly strategies: readonly StrategyName[]
  /** Whether the strategies were named: one that cannot be measured at all is a failure then, else a remark. */
  readonly named: boolean
  /** Whether it is a failure if there is no builder; else the native strategy is measured all the same. */
  readonly needsBuilder: boolean
  readonly scenarios: readonly ScenarioName[]
  /** How often each strategy is measured for each platform. */
  readonly runs: Readonly<Record<StrategyName, number>>
  /** Seconds after which one run is cut off. */
  readonly limits: Readonly<Partial<Record<StrategyName, number>>>
}

/** The flags of `xbuild bench` as yargs gives them. Absent means: not said. */
export interface BenchFlags {
  readonly strategy?: readonly string[] | undefined
  readonly scenario?: readonly string[] | undefined
  readonly runs?: number | undefined
  readonly emulatedRuns?: number | undefined
  readonly timeout?: readonly string[] | undefined
}

/** How often a strategy is measured where nobody says: an emulated build takes minutes. */
const defaultRuns = { quick: 3, emulated: 1 }

/** Seconds. An emulated build that takes longer than this is not worth waiting for: what it shows by then is enough. */
const defaultLimit = 3600

/** Seconds that a timer can wait. */
const longestLimit = 2_000_000

/**
 * What is to be measured, of flags, `[bench]` and the defaults.
 * @throws {Failure} usage, for a value that is not understood.
 */
export function benchRequest(flags: BenchFlags, bench: Omit<Options['bench'], 'estimate'>): BenchRequest {
  const runs = positive(flags.runs, '--runs') ?? bench.runs ?? defaultRuns.quick
  const emulated =
    positive(flags.emulatedRuns, '--emulated-runs') ?? bench['emulated-runs'] ?? defaultRuns.emulated
  const strategies = choose(flags.strategy, strategyNames, '--strategy')
  const named = flags.strategy !== undefined
  return {
    strategies,
    named,
    needsBuilder: named && strategies.some(strategy => strategy !== 'native'),
    scenarios: choose(flags.scenario, scenarioNames, '--scenario'),
    runs: { native: runs, 'dockerfile-cross': runs, emulated },
    limits: readLimits(flags.timeout, bench.timeout ?? defaultLimit),
  }
}

function choose<T extends string>(
  asked: readonly string[] | undefined,
  known: readonly T[],
  flag: string,
): readonly T[] {
  if (asked === undefined) return known
  const names = asked.flatMap(text => text.split(',')).filter(Boolean)
  for (const name of names) {
    if ((known as readonly string[]).includes(name)) continue
    const suggestion = closestMatch(name, known) ?? known[0]
    throw wrong(`${flag} ${name}`, `it is one of ${known.join(', ')}`, `${flag} ${suggestion}`)
  }
  return known.filter(name => names.includes(name))
}

/** `600` for every strategy, `emulated=600` for one. */
function readLimits(values: readonly string[] | undefined, fallback: number): Record<StrategyName, number> {
  const limits = { native: fallback, 'dockerfile-cross': fallback, emulated: fallback }
  for (const value of (values ?? []).flatMap(text => text.split(','))) {
    const [strategy, text] = value.includes('=') ? value.split('=', 2) : [undefined, value]
    const seconds = Number(text)
    if (!(seconds > 0 && seconds <= longestLimit)) {
      throw wrong(`--timeout ${value}`, 'it is a number of seconds', '--timeout emulated=600')
    }
    for (const name of strategy === undefined
      ? strategyNames
      : choose([strategy], strategyNames, '--timeout'))
      limits[name] = seconds
  }
  return limits
}

function positive(value: number | undefined, flag: string): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return value
  throw wrong(`${flag} ${value}`, 'it is a whole number from 1 on', `${flag} 3`)
}

function wrong(what: string, why: string, fix: string): Failure {
  return new Failure({ kind: 'usage', what: `${what} is not understood`, why, fix })
}
