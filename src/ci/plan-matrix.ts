/** One program for one platform, and the seconds that compiling it took when that was recorded. */
export interface WorkUnit {
  readonly program: string
  readonly platform: string
  readonly seconds?: number
}

/** One job of a matrix: these programs for these platforms. */
export interface MatrixJob {
  readonly programs: readonly string[]
  readonly platforms: readonly string[]
  /** Seconds of compiling that are expected; absent where nothing was recorded. */
  readonly seconds?: number
}

/**
 * Spreads a build, every program for every platform, over at most `limit` jobs of about the same length. Programs of one
 * platform stay together as long as there are platforms to spread, for they share compiled packages. Pure.
 * @param units every pair of program and platform
 */
export function planMatrix(units: readonly WorkUnit[], limit: number): MatrixJob[] {
  const weigh = weights(units)
  const platforms = distinct(units.map(({ platform }) => platform))
  const programs = distinct(units.map(({ program }) => program))
  const isRecorded = units.some(({ seconds }) => seconds !== undefined)
  const weightOf = (some: readonly string[], on: readonly string[]) =>
    on.reduce((total, platform) => some.reduce((sum, program) => sum + weigh(program, platform), total), 0)
  const job = (some: readonly string[], on: readonly string[]): MatrixJob => ({
    programs: some,
    platforms: on,
    ...(isRecorded && { seconds: Math.round(weightOf(some, on) * 10) / 10 }),
  })
  if (limit <= platforms.length) {
    return spread(platforms, limit, platform => weightOf(programs, [platform])).map(on => job(programs, on))
  }
  const shares = shareJobs(platforms, limit, programs.length, platform => weightOf(programs, [platform]))
  return platforms.flatMap((platform, index) =>
    spread(programs, shares[index] ?? 1, program => weightOf([program], [platform])).map(some =>
      job(some, [platform]),
    ),
  )
}

/** How many jobs each platform gets: the next one goes where a job is longest. */
function shareJobs(
  platforms: readonly string[],
  limit: number,
  most: number,
  weightOf: (platform: string) => number,
): number[] {
  const shares = platforms.map(() => 1)
  const weights = platforms.map(weightOf)
  for (let left = limit - platforms.length; left > 0; left--) {
    const lengths = shares.map((share, index) => (share < most ? (weights[index] as number) / share : -1))
    const longest = lengths.indexOf(Math.max(...lengths))
    if ((lengths[longest] as number) < 0) break
    shares[longest] = (shares[longest] as number) + 1
  }
  return shares
}

/** Items in at most `count` groups of about the same weight: the heaviest first, each to the lightest group. */
function spread<T>(items: readonly T[], count: number, weightOf: (item: T) => number): T[][] {
  const groups = Array.from({ length: Math.min(count, items.length) }, () => ({
    weight: 0,
    items: [] as T[],
  }))
  for (const item of items.toSorted((a, b) => weightOf(b) - weightOf(a))) {
    const lightest = groups.reduce((best, group) => (group.weight < best.weight ? group : best))
    lightest.weight += weightOf(item)
    lightest.items.push(item)
  }
  return groups.map(group => group.items.toSorted((a, b) => items.indexOf(a) - items.indexOf(b)))
}

/** What was recorded; for what was not, the mean of the same program, else of all. Nothing, where there is no such unit. */
function weights(units: readonly WorkUnit[]): (program: string, platform: string) => number {
  const all = mean(units) ?? 1
  const rows = new Map<string, WorkUnit[]>()
  for (const unit of units) {
    const row = rows.get(unit.program)
    if (row) row.push(unit)
    else rows.set(unit.program, [unit])
  }
  const table = new Map(
    [...rows].map(([program, row]) => {
      const usual = mean(row) ?? all
      return [program, new Map(row.map(({ platform, seconds }) => [platform, seconds ?? usual]))]
    }),
  )
  return (program, platform) => table.get(program)?.get(platform) ?? 0
}

function mean(units: readonly WorkUnit[]): number | undefined {
  const known = units.flatMap(({ seconds }) => seconds ?? [])
  return known.length > 0 ? known.reduce((sum, one) => sum + one, 0) / known.length : undefined
}

const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)]
