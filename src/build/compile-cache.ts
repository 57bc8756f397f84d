import { basename } from 'node:path'
import { isFailure } from '../errors.ts'
import { run } from '../process.ts'
import type { Recorder } from '../recorder.ts'
import type { Command } from '../types.ts'
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
  // Else cargo's first rustc starts it, with the folder for temporary files that this run removes at its end.
  await ask(sccache, ['--start-server'], signal)
  const before = await countsOf(sccache, signal)
  const result = await work()
  const after = await countsOf(sccache, signal)
  if (before && after) {
    const [hits, misses] = [after.hits - before.hits, after.misses - before.misses]
    if (hits + misses > 0)
      recorder.note('info', `sccache had ${hits} of ${count(hits + misses, 'compile')} in its cache`)
  }
  return result
}

/** A command of sccache without its arguments, in the environment that cargo would start it in. */
type Sccache = Pick<Command, 'tool' | 'cwd' | 'env'>

/** The program that rustc is wrapped in, where that is sccache. */
function sccacheOf({ compile, cwd }: Pick<Plan, 'compile' | 'cwd'>): Sccache | undefined {
  for (const { command } of compile.steps) {
    const tool = command.env?.['RUSTC_WRAPPER'] ?? process.env['RUSTC_WRAPPER']
    if (tool !== undefined && basename(tool) === 'sccache') {
      return { tool, cwd, ...(command.env && { env: command.env }) }
    }
  }
  return undefined
}

/** Undefined where it does not answer: the compile itself says what is wrong then. */
async function countsOf(sccache: Sccache, signal: AbortSignal): Promise<CacheCounts | undefined> {
  const stdout = await ask(sccache, ['--show-stats', '--stats-format=json'], signal)
  try {
    const { stats } = JSON.parse(stdout ?? '') as { stats: Record<'cache_hits' | 'cache_misses', unknown> }
    return { hits: sum(stats.cache_hits), misses: sum(stats.cache_misses) }
  } catch {
    return undefined
  }
}

async function ask(
  sccache: Sccache,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { ok, stdout } = await run({ ...sccache, args }, { signal, timeout: 20 })
    return ok ? stdout : undefined
  } catch (error) {
    if (isFailure(error, 'interrupted')) throw error
    return undefined
  }
}

/** Counts come for each language. */
function sum(value: unknown): number {
  const { counts } = value as { counts: Readonly<Record<string, number>> }
  return Object.values(counts).reduce((total, each) => total + each, 0)
}
