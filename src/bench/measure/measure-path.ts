import { loadavg } from 'node:os'
import { isFailure } from '../../errors.ts'
import { type Platform, platformFolder } from '../../platforms.ts'
import type { Emit } from '../../types.ts'
import { describeRow } from '../render/view.ts'
import type { BenchRequest } from './bench.ts'
import type { openEdit } from './edit.ts'
import { findEmulator } from './emulator.ts'
import { describeFailure, type Ended } from './ended.ts'
import type { ReadyPath, Subject } from './job.ts'
import { paths } from './paths.ts'
import type { BenchRecord } from './record.ts'
import { type PathName, type RowName, rowNames, rowsOf } from './samples.ts'
import { openTicker } from './ticker.ts'

/** One path that will be measured for one platform. */
export interface PlannedPath {
  readonly id: string
  readonly title: string
  readonly path: PathName
  readonly platform: Platform
}

/** What measuring a path is given besides. */
export interface MeasureContext {
  readonly subject: Subject
  readonly request: BenchRequest
  readonly rows: readonly RowName[]
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
 * All runs of one path for one platform, each sample saved at once.
 * @throws {Failure} when the project does not compile natively, or when interrupted.
 */
export async function measurePath(planned: PlannedPath, context: MeasureContext): Promise<void> {
  const { id, path, platform } = planned
  const { record, emit } = context
  emit({ type: 'start', id })
  try {
    await runAll(planned, context, detail => emit({ type: 'progress', id, detail }))
  } catch (error) {
    emit({ type: 'failed', id, detail: (error as Error).message })
    throw error
  }
  const own = record.current().samples.filter(item => item.path === path && item.platform === platform.id)
  const fault = own.some(({ outcome: { kind } }) => kind === 'failed' || kind === 'crashed')
  const detail = rowsOf(own)
    .map(row => `${row.row} ${describeRow(row)}`)
    .join(', ')
  emit({ type: fault ? 'failed' : 'done', id, detail })
}

async function runAll(
  { path, platform }: PlannedPath,
  context: MeasureContext,
  say: (detail: string) => void,
): Promise<void> {
  const { subject, request, rows, record, signal } = context
  if (path === 'emulated' && subject.builder) {
    record.emulator(platform, await findEmulator(platform, subject.builder, signal))
  }
  const ready = await prepare(path, platform, context, say)
  if (ready === undefined) return
  const runs = request.runs[path]
  for (let n = 1; n <= runs; n++) {
    const caches = `${cachesOf(record)}-${platformFolder(platform)}-${path}-${n}`
    for (const row of rowNames.filter(name => name === 'cold' || rows.includes(name))) {
      const begun = { at: new Date().toISOString(), load: Math.round((loadavg()[0] ?? 0) * 100) / 100 }
      const ticker = openTicker(`${row}, run ${n} of ${runs}`, say)
      const run = { row, caches, signal, limit: request.limits[path], onProgress: ticker.detail }
      const outcome = await context.edit
        .during(row === 'edited', () => ready.run(run))
        .finally(() => ticker.close())
      // A cold build that nobody asked for is of interest only where it kept the others from being made.
      if (rows.includes(row) || outcome.kind !== 'measured') {
        await record.add({ platform: platform.id, path, row, ...begun, outcome })
      }
      // Without a cold build there is nothing to be warm.
      if (outcome.kind !== 'measured') break
    }
    await ready.discard?.(caches)
  }
}

/** A Dockerfile path that cannot be prepared is recorded as failed or crashed; the others go on. */
async function prepare(
  path: PathName,
  platform: Platform,
  { subject, record, signal }: MeasureContext,
  say: (detail: string) => void,
): Promise<ReadyPath | undefined> {
  const ready = await paths[path]
    .prepare(subject, platform, signal, detail => say(`toolchain · ${detail}`))
    .catch((error): Ended => {
      if (path === 'native' || !isFailure(error) || error.kind === 'interrupted') throw error
      return { kind: 'failed', detail: describeFailure(error) }
    })
  if ('kind' in ready) {
    const at = new Date().toISOString()
    await record.add({ platform: platform.id, path, row: 'cold', at, load: 0, outcome: ready })
    return undefined
  }
  if (ready.toolchain !== undefined) record.toolchain(`${platform.id} ${path}`, ready.toolchain)
  return ready
}
