import type { Options } from '../../config/options.ts'
import { Failure } from '../../errors.ts'
import { closestMatch } from '../../util/closest-match.ts'
import type { Bounds } from '../compare/bounds.ts'
import type { BenchRequest } from './bench.ts'
import { type PathName, pathNames, rowNames } from './samples.ts'

/** The flags of `xbuild bench` as yargs gives them. Absent means: not said. */
export interface BenchFlags {
  readonly path?: readonly string[] | undefined
  readonly row?: readonly string[] | undefined
  readonly runs?: number | undefined
  readonly emulatedRuns?: number | undefined
  readonly timeout?: readonly string[] | undefined
}

/** The flags that make a comparison a check. */
export interface BoundFlags {
  readonly benchFailUnder?: number | undefined
  readonly benchMaxGrowth?: number | undefined
}

/** How often a path is measured where nobody says: an emulated build takes minutes. */
const defaultRuns = { quick: 3, emulated: 1 }

/** Seconds. An emulated build that takes longer than this is not worth waiting for: what it shows by then is enough. */
const defaultLimit = 3600

/** Seconds that a timer can wait. */
const longestLimit = 2_000_000

/**
 * What is to be measured, of flags, `[bench]` and the defaults.
 * @throws {Failure} usage, for a value that is not understood.
 */
export function benchRequest(flags: BenchFlags, bench: Options['bench']): BenchRequest {
  const runs = positive(flags.runs, '--runs') ?? bench.runs ?? defaultRuns.quick
  const emulated =
    positive(flags.emulatedRuns, '--emulated-runs') ?? bench['emulated-runs'] ?? defaultRuns.emulated
  return {
    paths: choose(flags.path, pathNames, '--path'),
    rows: choose(flags.row, rowNames, '--row'),
    runs: { native: runs, 'dockerfile-cross': runs, emulated },
    limits: readLimits(flags.timeout, bench.timeout ?? defaultLimit),
  }
}

/**
 * The bounds of --bench-fail-under and --bench-max-growth.
 * @param request what will be measured, which must be what the bounds judge: a check of nothing would always pass.
 * @throws {Failure} usage
 */
export function readBounds(flags: BoundFlags, request?: BenchRequest): Bounds {
  const failUnder = aboveZero(flags.benchFailUnder, '--bench-fail-under')
  const maxGrowth = aboveZero(flags.benchMaxGrowth, '--bench-max-growth')
  if (failUnder !== undefined) checkJudged(['native', 'emulated'], '--bench-fail-under', request)
  if (maxGrowth !== undefined) checkJudged(['native'], '--bench-max-growth', request)
  return { ...(failUnder !== undefined && { failUnder }), ...(maxGrowth !== undefined && { maxGrowth }) }
}

function checkJudged(needed: readonly PathName[], flag: string, request: BenchRequest | undefined): void {
  if (!request) return
  const { paths, rows } = request
  if (rows.includes('cold') && needed.every(path => paths.includes(path))) return
  throw new Failure({
    kind: 'usage',
    what: `${flag} has nothing to judge`,
    why: `it is about cold builds on the path ${needed.join(' and ')}`,
    fix: `--path ${needed.join(',')} --row cold`,
  })
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

/** `600` for every path, `emulated=600` for one. */
function readLimits(values: readonly string[] | undefined, fallback: number): Record<PathName, number> {
  const limits = { native: fallback, 'dockerfile-cross': fallback, emulated: fallback }
  for (const value of (values ?? []).flatMap(text => text.split(','))) {
    const [path, text] = value.includes('=') ? value.split('=', 2) : [undefined, value]
    const seconds = Number(text)
    if (!(seconds > 0 && seconds <= longestLimit)) {
      throw wrong(`--timeout ${value}`, 'it is a number of seconds', '--timeout emulated=600')
    }
    for (const name of path === undefined ? pathNames : choose([path], pathNames, '--timeout'))
      limits[name] = seconds
  }
  return limits
}

function positive(value: number | undefined, flag: string): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return value
  throw wrong(`${flag} ${value}`, 'it is a whole number from 1 on', `${flag} 3`)
}

function aboveZero(value: number | undefined, flag: string): number | undefined {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return value
  throw wrong(`${flag} ${value}`, 'it is a number above 0', `${flag} 5`)
}

function wrong(what: string, why: string, fix: string): Failure {
  return new Failure({ kind: 'usage', what: `${what} is not understood`, why, fix })
}
