import { loadavg } from 'node:os'
import type { Options } from '../config/options.ts'
import { isFailure } from '../errors.ts'
import { detectLanguage } from '../languages/index.ts'
import { type Platform, platformFolder } from '../platforms.ts'
import { readSource } from '../source.ts'
import type { Emit } from '../types.ts'
import { describeSeconds } from '../ui/format.ts'
import { dropCaches, readBenchBuilder } from './builder.ts'
import { openEdit } from './edit.ts'
import { findEmulator } from './emulator.ts'
import { inspectStaged, type ReadyPath, type Subject, wantedExecutables } from './job.ts'
import { benchLanguages } from './languages.ts'
import type { Measurement } from './measurement.ts'
import { paths } from './paths.ts'
import { type BenchRecord, createRecord } from './record.ts'
import { type Outcome, type PathName, pathNames, type RowName, rowNames } from './samples.ts'
import { withStagedProject } from './stage.ts'
import { checkStore } from './store.ts'

/** What is to be measured. */
export interface BenchRequest {
  readonly paths: readonly PathName[]
  readonly rows: readonly RowName[]
  /** How often each path is measured for each platform. */
  readonly runs: Readonly<Record<PathName, number>>
  /** Seconds after which one run is cut off. */
  readonly limits: Readonly<Partial<Record<PathName, number>>>
}

/** What measuring is given besides. */
export interface BenchContext {
  readonly emit: Emit
  readonly signal: AbortSignal
  /** Called with every new state, which has been saved by then. */
  readonly onMeasurement: (measurement: Measurement) => void
}

/**
 * Measures every path for every platform on a copy of the project, each sample saved as soon as it is there.
 * @throws {Failure} when the project does not compile natively, or nothing can be measured; what was measured is saved.
 */
export async function bench(
  options: Options,
  request: BenchRequest,
  { emit, signal, onMeasurement }: BenchContext,
): Promise<Measurement> {
  await checkStore(options.dir)
  const { name } = await detectLanguage(options.dir, options.lang)
  const language = benchLanguages[name]
  const usesBuilder = request.paths.some(path => paths[path].usesBuilder)
  const [builder, source] = await Promise.all([
    usesBuilder ? readBenchBuilder(options.buildx.builder, options.dir, signal) : undefined,
    readSource(options.dir, signal),
  ])
  emit({ type: 'note', level: 'info', text: 'Copying the project and its dependencies' })
  return withStagedProject(
    { dir: options.dir, dist: options.dist, language },
    signal,
    async (staged, folder) => {
      const project = await inspectStaged({ options, staged }, name, options.platforms)
      await language.seedCaches?.(project, staged)
      const subject: Subject = {
        options,
        staged,
        folder,
        project,
        executables: wantedExecutables(project, options),
        source,
        language,
        settings: await language.settings(staged),
        ...(builder && { builder }),
      }
      const record = createRecord(subject, onMeasurement)
      const planned = planPaths(subject, request, record)
      const [first] = subject.executables
      const edit = first && (await language.edit(staged, first, project))
      if (!edit && request.rows.includes('edited')) {
        record.remark('no source file could be told for the row "edited", so it is left out')
      }
      const rows = rowNames.filter(row => request.rows.includes(row) && (edit || row !== 'edited'))
      emit({ type: 'plan', tasks: planned.map(({ id, title }) => ({ id, title })) })
      await record.save()
      const context = { subject, request, rows, edit: openEdit(edit), record, emit, signal }
      try {
        for (const item of planned) await measurePath(item, context)
      } finally {
        if (builder) await dropCaches(builder, cachesOf(record), staged.top)
      }
      return record.current()
    },
  )
}

/** What the names of a measurement's caches begin with: of no other measurement's. */
function cachesOf(record: BenchRecord): string {
  return `xbuild-bench-${record.current().id}`
}

interface PlannedPath {
  readonly id: string
  readonly title: string
  readonly path: PathName
  readonly platform: Platform
}

/** Platform by platform, the quick paths first: an interrupt then costs least. */
function planPaths(subject: Subject, request: BenchRequest, record: BenchRecord): PlannedPath[] {
  const all = subject.options.platforms.flatMap(platform =>
    pathNames
      .filter(path => request.paths.includes(path))
      .map(path => ({ id: `bench:${platform.id}:${path}`, title: `${platform.id} ${path}`, path, platform })),
  )
  return all.filter(({ path, platform }) => {
    const refusal = paths[path].refuses(subject, platform)
    if (refusal !== undefined) record.remark(`${platform.id} ${path} is left out: ${refusal}`)
    return refusal === undefined
  })
}

interface MeasureContext {
  readonly subject: Subject
  readonly request: BenchRequest
  readonly rows: readonly RowName[]
  readonly edit: ReturnType<typeof openEdit>
  readonly record: BenchRecord
  readonly emit: Emit
  readonly signal: AbortSignal
}

async function measurePath({ id, path, platform }: PlannedPath, context: MeasureContext): Promise<void> {
  const { subject, request, rows, edit, record, emit, signal } = context
  emit({ type: 'start', id })
  const say = (detail: string) => emit({ type: 'progress', id, detail })
  const times: string[] = []
  try {
    const ready = await prepare(path, platform, context, say)
    if (ready === undefined) return emit({ type: 'failed', id, detail: 'could not be prepared' })
    if (path === 'emulated' && subject.builder) {
      record.emulator(platform, await findEmulator(platform, subject.builder, signal))
    }
    for (let n = 1; n <= request.runs[path]; n++) {
      const caches = `${cachesOf(record)}-${platformFolder(platform)}-${path}-${n}`
      for (const row of rowNames.filter(name => name === 'cold' || rows.includes(name))) {
        say(`${row}, run ${n} of ${request.runs[path]}`)
        const begun = { at: new Date().toISOString(), load: Math.round((loadavg()[0] ?? 0) * 100) / 100 }
        const onProgress = (detail: string) => say(`${row}, run ${n} of ${request.runs[path]} · ${detail}`)
        const limit = request.limits[path]
        const outcome = await edit.during(row === 'edited', () =>
          ready.run({ row, caches, signal, limit, onProgress }),
        )
        if (rows.includes(row)) await record.add({ platform: platform.id, path, row, ...begun, outcome })
        times.push(`${row} ${describeOutcome(outcome)}`)
        // Without a cold build there is nothing to be warm.
        if (outcome.kind !== 'measured') break
      }
      await ready.discard?.(caches)
    }
    const last = times.at(-1) ?? ''
    emit({
      type: 'done',
      id,
      detail: times.length <= 3 ? times.join(', ') : `${times.length} samples, ${last}`,
    })
  } catch (error) {
    emit({ type: 'failed', id, detail: (error as Error).message })
    throw error
  }
}

/** A Dockerfile path that cannot be prepared is recorded as failed; the others go on. */
async function prepare(
  path: PathName,
  platform: Platform,
  { subject, record, signal }: MeasureContext,
  say: (detail: string) => void,
): Promise<ReadyPath | undefined> {
  try {
    const ready = await paths[path].prepare(subject, platform, signal, detail => say(`toolchain · ${detail}`))
    if (ready.toolchain !== undefined) record.toolchain(`${platform.id} ${path}`, ready.toolchain)
    return ready
  } catch (error) {
    if (path === 'native' || !isFailure(error) || error.kind === 'interrupted') throw error
    const detail = [error.what, error.why, error.fix].filter(Boolean).join('\n')
    const sample = {
      platform: platform.id,
      path,
      row: 'cold',
      at: new Date().toISOString(),
      load: 0,
    } as const
    await record.add({ ...sample, outcome: { kind: 'failed', detail } })
    return undefined
  }
}

function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'measured':
      return describeSeconds(outcome.whole)
    case 'cut-off':
      return `> ${describeSeconds(outcome.limit)}`
    default:
      return outcome.kind
  }
}
