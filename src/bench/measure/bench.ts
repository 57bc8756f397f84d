import { readSource } from '../../build/git-info.ts'
import { makeOutputFolder } from '../../build/output-folder.ts'
import type { Options } from '../../config/options.ts'
import { isFailure } from '../../errors.ts'
import { checkToolchainArgs, detectLanguage } from '../../languages/index.ts'
import type { Emit } from '../../types.ts'
import { benchLanguages } from '../languages/index.ts'
import { dropCaches, readBenchBuilder } from './builder/read-builder.ts'
import { openEdit } from './edit.ts'
import { inspectStaged, type Subject, wantedExecutables } from './job.ts'
import { cachesOf, measureStrategy } from './measure-strategy.ts'
import type { Measurement } from './measurement.ts'
import { scenarioNames } from './measurement.ts'
import { planStrategies } from './plan-strategies.ts'
import { createRecord } from './record.ts'
import type { BenchRequest } from './request.ts'
import { withStagedProject } from './staged-project.ts'
import { checkStore } from './store.ts'
import { strategies } from './strategies.ts'

/** What measuring needs besides the request. */
export interface BenchContext {
  readonly emit: Emit
  readonly signal: AbortSignal
  /** Called with every new state, which has been saved by then. */
  readonly onMeasurement: (measurement: Measurement) => void
}

/**
 * Measures every strategy for every platform on a copy of the project, each sample saved as soon as it is there.
 * @throws {Failure} when the project does not compile natively, or nothing can be measured; what was measured is saved.
 */
export async function bench(
  options: Options,
  request: BenchRequest,
  { emit, signal, onMeasurement }: BenchContext,
): Promise<Measurement> {
  await checkStore(options.dir, signal)
  const detected = await detectLanguage(options.dir, options.lang)
  checkToolchainArgs(detected, options.toolchainArgs)
  await makeOutputFolder(options.dist)
  const { name } = detected
  const language = benchLanguages[name]
  const [found, source] = await Promise.all([
    findBuilder(options, request, signal),
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
        ...found,
      }
      const record = createRecord(subject, onMeasurement, signal)
      const planned = planStrategies(subject, request, record)
      const [first] = subject.executables
      const edit = first && (await language.edit(staged, first, project))
      if (!edit && request.scenarios.includes('edited')) {
        record.remark('no source file could be told for the scenario "edited", so it is left out')
      }
      const scenarios = scenarioNames.filter(
        scenario => request.scenarios.includes(scenario) && (edit || scenario !== 'edited'),
      )
      emit({ type: 'plan', tasks: planned.map(({ id, title }) => ({ id, title })) })
      const context = {
        subject,
        request,
        scenarios,
        edit: openEdit(edit, record.current().id),
        record,
        emit,
        signal,
      }
      try {
        for (const item of planned) await measureStrategy(item, context)
      } finally {
        if (found.builder) await dropCaches(found.builder, cachesOf(record), staged.top)
      }
      return record.current()
    },
  )
}

/** Neither where no Dockerfile strategy is measured. */
type FoundBuilder = Pick<Subject, 'builder' | 'noBuilder'>

/**
 * The builder, or why there is none: without an engine the native strategy is measured all the same.
 * @throws {Failure} tool or image, when there is none although a Dockerfile strategy or the builder was named.
 */
async function findBuilder(
  { buildx, dir }: Options,
  { strategies: wanted, needsBuilder }: BenchRequest,
  signal: AbortSignal,
): Promise<FoundBuilder> {
  if (!wanted.some(strategy => strategies[strategy].usesBuilder)) return {}
  try {
    return { builder: await readBenchBuilder(buildx.builder, dir, signal) }
  } catch (error) {
    const missing = isFailure(error, 'tool') || isFailure(error, 'image')
    if (!missing || needsBuilder || buildx.builder !== undefined) throw error
    return { noBuilder: [error.what, error.why].filter(Boolean).join(': ') }
  }
}
