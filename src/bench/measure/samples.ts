/** The three ways from source to binary that are compared, in the order they are measured and shown. */
export const pathNames = ['native', 'dockerfile-cross', 'emulated'] as const
export type PathName = (typeof pathNames)[number]

/**
 * What the caches held: nothing; the same source compiled just before; that but for one changed line. Cold and warm are
 * never compared with each other.
 */
export const rowNames = ['cold', 'unchanged', 'edited'] as const
export type RowName = (typeof rowNames)[number]

/** How one run ended. Only `measured` is a time. */
export type Outcome =
  | {
      readonly kind: 'measured'
      /** Seconds of the compile step alone: the toolchain's process, or BuildKit's own time for the RUN. */
      readonly compile: number
      /** Seconds from the command's start to the binary on this machine's disk. */
      readonly whole: number
      /** SHA-256 of each binary by its name. */
      readonly sha256: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'cut-off'
      /** The time limit that ended it, in seconds from the command's start. */
      readonly limit: number
    }
  | { readonly kind: 'crashed'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }

/** One run of one path. */
export interface Sample {
  readonly platform: string
  readonly path: PathName
  readonly row: RowName
  /** RFC 3339, when it began. */
  readonly at: string
  /** The machine's one-minute load average when it began: what else was going on. */
  readonly load: number
  readonly outcome: Outcome
}

/** Minimum, median and maximum of several runs, in seconds. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
  /** (max − min) ÷ median: 0.1 means that the runs lie within a tenth of each other. */
  readonly spread: number
}

/** What is known of one path for one platform and row, from all its samples. */
export interface Row {
  readonly platform: string
  readonly path: PathName
  readonly row: RowName
  /** Runs that ended with a time. */
  readonly runs: number
  readonly compile?: Spread
  /** A run that was cut off counts as its limit, the least that it takes; absent where the median run is one. */
  readonly whole?: Spread
  /** How the runs ended that have no time, the limit being the least of their median; absent where all have one. */
  readonly ended?: Exclude<Outcome, { kind: 'measured' }>
  /** Whole seconds ÷ native whole seconds of the same platform and row, median to median. */
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

/** The rows of a set of samples, by platform, then row, then path, each in its order of appearance or table. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const platforms = [...new Set(samples.map(({ platform }) => platform))]
  return platforms.flatMap(platform =>
    rowNames.flatMap(row => {
      const here = samples.filter(sample => sample.platform === platform && sample.row === row)
      const rows = pathNames.flatMap(path => {
        const own = here.filter(sample => sample.path === path)
        return own.length > 0 ? [rowOf(own as [Sample, ...Sample[]])] : []
      })
      const native = rows.find(({ path }) => path === 'native')
      return rows.map(item => withRatio(item, native))
    }),
  )
}

function rowOf(samples: readonly [Sample, ...Sample[]]): Row {
  const [{ platform, path, row }] = samples
  const outcomes = samples.map(({ outcome }) => outcome)
  const measured = outcomes.filter(outcome => outcome.kind === 'measured')
  const cutOff = outcomes.filter(outcome => outcome.kind === 'cut-off')
  const known = { platform, path, row, runs: measured.length }
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

function withRatio(row: Row, native: Row | undefined): Row {
  if (row.path === 'native' || !native?.whole) return row
  const ratio = ratioOf(row, native.whole.median)
  return ratio ? { ...row, ratio } : row
}

/** A path's whole time over a native one in seconds; undefined for a path that crashed, failed, or was cut off sooner. */
export function ratioOf({ whole, ended }: Row, native: number): Ratio | undefined {
  if (!(native > 0)) return undefined
  if (whole) return { times: whole.median / native, atLeast: false }
  if (ended?.kind === 'cut-off' && ended.limit > native) {
    return { times: ended.limit / native, atLeast: true }
  }
  return undefined
}
