import { loadavg } from 'node:os'
import { isFailure } from '../../errors.ts'
import { type Platform, platformFolder } from '../../platforms.ts'
import type { Emit } from '../../types.ts'
import { findEmulator } from './builder/emulator.ts'
import { describeFailure, type Ended } from './builder/explain-end.ts'
import type { openEdit } from './edit.ts'
import type { ReadyStrategy, Subject } from './job.ts'
import { type ScenarioName, type StrategyName, scenarioNames } from './measurement.ts'
import type { PlannedStrategy } from './plan-strategies.ts'
import type { BenchRecord } from './record.ts'
import type { BenchRequest } from './request.ts'
import { describeResult, resultsOf } from './results.ts'
import { strategies } from './strategies.ts'
import { openTicker } from './ticker.ts'

/** What measuring a strategy needs. */
export interface MeasureContext {
  readonly subject: Subject
  readonly request: BenchRequest
  readonly scenarios: readonly ScenarioName[]
  readonly edit: ReturnType<typeof openEdit>
  readonly record: BenchRecord
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** What the names of a measurement's caches begin with: of no other measurement's. */
export function cachesOf(record: BenchRecord): string {
  return `xbuild-bench-${record.current().id}`
}

/**
 * All runs of one strategy for one platform, each sample saved at once.
 * @throws {Failure} when the project does not compile natively, or when interrupted.
 */
export async function measureStrategy(planned: PlannedStrategy, context: MeasureContext): Promise<void> {
  const { id, strategy, platform } = planned
  const { record, emit } = context
  emit({ type: 'start', id })
  try {
    await runAll(planned, context, detail => emit({ type: 'progress', id, detail }))
  } catch (error) {
    emit({ type: 'failed', id, detail: (error as Error).message })
    throw error
  }
  const own = record
    .current()
    .samples.filter(item => item.strategy === strategy && item.platform === platform.id)
  const fault = own.some(({ outcome: { kind } }) => kind === 'failed' || kind === 'crashed')
  const detail = resultsOf(own)
    .map(result => `${result.scenario} ${describeResult(result)}`)
    .join(', ')
  emit({ type: fault ? 'failed' : 'done', id, detail })
}

async function runAll(
  { strategy, platform }: PlannedStrategy,
  context: MeasureContext,
  say: (detail: string) => void,
): Promise<void> {
  const { subject, request, scenarios, record, signal } = context
  if (strategy === 'emulated' && subject.builder) {
    record.emulator(platform, await findEmulator(platform, subject.builder, signal))
  }
  const ready = await prepare(strategy, platform, context, say)
  if (ready === undefined) return
  const runs = request.runs[strategy]
  for (let n = 1; n <= runs; n++) {
    const caches = `${cachesOf(record)}-${platformFolder(platform)}-${strategy}-${n}`
    for (const scenario of scenarioNames.filter(name => name === 'cold' || scenarios.includes(name))) {
      const begun = { at: new Date().toISOString(), load: Math.round((loadavg()[0] ?? 0) * 100) / 100 }
      const ticker = openTicker(`${scenario}, run ${n} of ${runs}`, say)
      const run = { scenario, caches, signal, limit: request.limits[strategy], onProgress: ticker.detail }
      const outcome = await context.edit
        .during(scenario === 'edited', () => ready.run(run))
        .finally(() => ticker.close())
      // A cold build that nobody asked for is of interest only where it kept the others from being made.
      if (scenarios.includes(scenario) || outcome.kind !== 'measured') {
        await record.add({ platform: platform.id, strategy, scenario, ...begun, outcome })
      }
      // Without a cold build there is nothing to be warm.
      if (outcome.kind !== 'measured') break
    }
    await ready.discard?.(caches)
  }
}

/** A Dockerfile strategy that cannot be prepared is recorded as failed or crashed; the others go on. */
async function prepare(
  strategy: StrategyName,
  platform: Platform,
  { subject, record, signal }: MeasureContext,
  say: (detail: string) => void,
): Promise<ReadyStrategy | undefined> {
  const ready = await strategies[strategy]
    .prepare(subject, platform, signal, detail => say(`toolchain · ${detail}`))
    .catch((error): Ended => {
      if (strategy === 'native' || !isFailure(error) || error.kind === 'interrupted') throw error
      return { kind: 'failed', detail: describeFailure(error) }
    })
  if ('kind' in ready) {
    const at = new Date().toISOString()
    await record.add({ platform: platform.id, strategy, scenario: 'cold', at, load: 0, outcome: ready })
    return undefined
  }
  if (ready.toolchain !== undefined) record.toolchain(`${platform.id} ${strategy}`, ready.toolchain)
  return ready
}
