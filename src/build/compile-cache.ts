import { basename } from 'node:path'
import { isFailure } from '../errors.ts'
import { languages } from '../languages/index.ts'
import type { CacheCounts } from '../languages/language.ts'
import { run } from '../process.ts'
import type { Recorder } from '../recorder.ts'
import type { Command } from '../types.ts'
import { count } from '../util/format.ts'
import { fillTokens } from '../util/substitute.ts'
import type { Plan } from './plan.ts'

type CountedPlan = Pick<Plan, 'compile' | 'cwd' | 'project'>
type Noted = Pick<Recorder, 'note' | 'compileCache'>

/**
 * Compiles, and tells what a shared cache of compiles had of what it was asked for: sccache, or Go's cache program.
 * @param folder the run's temporary folder, in which steps write their logs
 */
export async function withCacheCounts<T>(
  plan: CountedPlan,
  recorder: Noted,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
  compile: () => Promise<T>,
): Promise<T> {
  const sccache = sccacheOf(plan)
  if (sccache !== undefined) return withSccache(sccache, recorder, signal, compile)
  const result = await compile()
  const counts = await countLogs(plan, folder)
  if (counts) tell(recorder, counts.program, counts, 'package')
  return result
}

/** What the cache program of the steps had, all together. */
async function countLogs(
  { compile, project }: CountedPlan,
  folder: string,
): Promise<(CacheCounts & { readonly program: string }) | undefined> {
  const logs = compile.steps.flatMap(({ cacheLog }) => cacheLog ?? [])
  const { countCache } = languages[project.language]
  const [first] = logs
  if (!first || !countCache) return undefined
  const each = await Promise.all(logs.map(({ path }) => countCache(fillTokens(path, { work: folder }))))
  const total = (key: keyof CacheCounts) => each.reduce((sum, counts) => sum + counts[key], 0)
  return { program: first.program, hits: total('hits'), misses: total('misses') }
}

function tell(recorder: Noted, program: string, { hits, misses }: CacheCounts, what: string): void {
  if (hits + misses === 0) return
  // Its arguments may hold a token of the storage.
  const name = basename(program.trim().split(/\s+/, 1)[0] ?? '')
  recorder.compileCache = { program: name, hits, misses }
  recorder.note('info', `${name} had ${hits} of ${count(hits + misses, what)} in its cache`)
}

/** The difference of what sccache counted before and after, for its server serves other builds too. */
async function withSccache<T>(
  sccache: Sccache,
  recorder: Noted,
  signal: AbortSignal,
  compile: () => Promise<T>,
): Promise<T> {
  // Else cargo's first rustc starts it, with the folder for temporary files that this run removes at its end.
  await ask(sccache, ['--start-server'], signal)
  const before = await countsOf(sccache, signal)
  const result = await compile()
  const after = await countsOf(sccache, signal)
  if (before && after) {
    const counts = { hits: after.hits - before.hits, misses: after.misses - before.misses }
    tell(recorder, 'sccache', counts, 'compile')
  }
  return result
}

/** A command of sccache without its arguments, in the environment that cargo would start it in. */
type Sccache = Pick<Command, 'tool' | 'cwd' | 'env'>

/** The program that rustc is wrapped in, where that is sccache. */
export function sccacheOf({ compile, cwd }: Pick<Plan, 'compile' | 'cwd'>): Sccache | undefined {
  for (const { command, stage } of compile.steps) {
    // On a builder it has a server of its own.
    if (stage) continue
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
