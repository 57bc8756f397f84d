import { basename } from 'node:path'
import { run } from '../process.ts'
import type { Recorder } from '../recorder.ts'
import { count } from '../util/format.ts'
import type { Plan } from './plan.ts'

/** What sccache counts, as far as it is asked for. */
interface CacheCounts {
  readonly hits: number
  readonly misses: number
}

/**
 * Compiles, and tells how often sccache had what rustc or a C compiler was asked for: the difference of what it counted before and
 * after, for its server serves other builds too.
 */
export async function withCacheCounts<T>(
  plan: Pick<Plan, 'compile' | 'cwd'>,
  recorder: Pick<Recorder, 'note'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const sccache = sccacheOf(plan)
  if (sccache === undefined) return work()
  const before = await countsOf(sccache, plan.cwd, signal)
  const result = await work()
  const after = await countsOf(sccache, plan.cwd, signal)
  if (before && after) {
    const [hits, misses] = [after.hits - before.hits, after.misses - before.misses]
    if (hits + misses > 0)
      recorder.note('info', `sccache: ${hits} of ${count(hits + misses, 'compile')} were in its cache`)
  }
  return result
}

/** The program that rustc is wrapped in, where that is sccache. */
function sccacheOf({ compile }: Pick<Plan, 'compile'>): string | undefined {
  const wrappers = compile.steps.map(
    ({ command }) => command.env?.['RUSTC_WRAPPER'] ?? process.env['RUSTC_WRAPPER'],
  )
  return wrappers.find(wrapper => wrapper !== undefined && basename(wrapper) === 'sccache')
}

/** Undefined where it does not answer: the compile itself says what is wrong then. */
async function countsOf(tool: string, cwd: string, signal: AbortSignal): Promise<CacheCounts | undefined> {
  try {
    const args = ['--show-stats', '--stats-format=json']
    const { ok, stdout } = await run({ tool, args, cwd }, { signal, timeout: 20 })
    if (!ok) return undefined
    const { stats } = JSON.parse(stdout) as { stats: Record<'cache_hits' | 'cache_misses', unknown> }
    return { hits: sum(stats.cache_hits), misses: sum(stats.cache_misses) }
  } catch {
    return undefined
  }
}

/** Counts come for each language. */
function sum(value: unknown): number {
  const { counts } = value as { counts: Readonly<Record<string, number>> }
  return Object.values(counts).reduce((total, each) => total + each, 0)
}
