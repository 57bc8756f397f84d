import { languages } from '../languages/index.ts'
import type { RunResult } from '../process.ts'
import { runTask, type Task } from '../recorder.ts'
import type { CompiledBinary, Emit, Step } from '../types.ts'
import { writeFileAtomically } from '../util/atomic.ts'
import { describeSeconds } from '../util/format.ts'
import { mapLimit } from '../util/map-limit.ts'
import { makeTemporaryFolder } from '../util/temporary-folder.ts'
import { compileFailed, describeExit, type PlatformFailure, prepareFailed } from './compile-failure.ts'
import type { EarlyCompile } from './early/start.ts'
import { adviseStage } from './on-builder/advise-stage.ts'
import { collectGathered } from './on-builder/collect.ts'
import { runStage } from './on-builder/run-stage.ts'
import type { Plan } from './plan.ts'
import { bindStep, logPath, runHere, startLog } from './run-step.ts'

/** The part of a plan that compiling needs. */
export type PlannedCompile = Pick<Plan, 'project' | 'platforms' | 'compile'>

/** What compiling needs in addition to the plan. */
export interface CompileContext {
  /** The run's temporary folder. */
  readonly work: string
  /** The folder for the full logs of the toolchain. */
  readonly logs: string
  readonly emit: Emit
  readonly signal: AbortSignal
  /** Is told of the binaries of each step that made all of its own, while others run. */
  readonly onBinaries?: ((binaries: readonly CompiledBinary[]) => void) | undefined
  /** Steps that were started before there was a plan. */
  readonly early?: Pick<EarlyCompile, 'take'> | undefined
}

/** The id of a step's task in the list that a run shows. */
export function stepId(step: Step): string {
  return `step:${step.title}`
}

/**
 * Runs a plan's compile: support files, preparations one by one, then the steps side by side. A platform that fails
 * does not stop the others; when all have ended, every failed one is reported.
 * @throws {Failure} compile, with each failed platform's own message and the path of its log.
 */
export async function compilePlan(plan: PlannedCompile, context: CompileContext): Promise<CompiledBinary[]> {
  // A compiler that is killed leaves its temporary files; in a folder of this run's, the next one removes them. Where none
  // can be made, they go where the compiler wants them.
  const temporary = await makeTemporaryFolder('xbuild-compile-').catch(() => undefined)
  try {
    return await compileSteps(plan, { ...context, temporary: temporary?.path })
  } finally {
    await temporary?.remove()
  }
}

type TemporaryContext = CompileContext & { readonly temporary: string | undefined }

async function compileSteps(plan: PlannedCompile, context: TemporaryContext): Promise<CompiledBinary[]> {
  for (const file of plan.compile.files) await writeFileAtomically(file.path, file.text, { mode: file.mode })
  for (const step of plan.compile.prepare) await prepareStep(step, plan, context)
  const outcomes = await mapLimit(plan.compile.steps, plan.compile.concurrency, step =>
    compileStep(step, plan, context),
  )
  const raced = outcomes.filter(outcome => outcome.failures.length > 0 && outcome.raced)
  for (const outcome of raced)
    outcomes[outcomes.indexOf(outcome)] = await compileStep(outcome.step, plan, context)
  const failures = outcomes.flatMap(outcome => outcome.failures)
  if (failures.length > 0) throw compileFailed(failures, plan)
  return outcomes.flatMap(outcome => outcome.binaries)
}

interface StepOutcome {
  readonly step: Step
  readonly binaries: readonly CompiledBinary[]
  readonly failures: readonly PlatformFailure[]
  readonly raced: boolean
}

function compileStep(step: Step, plan: PlannedCompile, context: TemporaryContext): Promise<StepOutcome> {
  const language = languages[plan.project.language]
  return runTask(context.emit, stepId(step), async task => {
    const bound = bindStep(step, context.work)
    const first = await runStep(step, plan, context, task)
    // Which steps there are, only a zig of this machine would tell.
    const other = step.stage ? undefined : await language.alternative?.(bound, first)
    const result = other ? afterFirst(first, await runStep(other, plan, context, task)) : first
    const binaries =
      step.stage && step.outputDir === undefined
        ? collectGathered(step, result, context.work)
        : await language.collect(other ?? bound, result)
    const missing = step.produces.filter(
      ({ platform, name }) => !binaries.some(binary => binary.platform === platform && binary.name === name),
    )
    const output = `${result.stderr}\n${result.stdout}`
    // A step that failed without naming a missing binary (Zig, whose names are guesses) has failed for all it makes.
    const failed = missing.length > 0 || result.ok ? missing : step.produces
    const platforms = [...new Set(failed.map(({ platform }) => platform))]
    const failures = platforms.map(platform => ({
      platform: platform.id,
      message: language.explain(output, platform) || describeExit(step, result),
      advice: language.advise?.(output, platform, step.command.env) ?? adviseStage(output, step),
      log: logPath(step, context),
    }))
    const cached = binaries.length > 0 && binaries.every(binary => binary.cached)
    if (failures.length === 0) context.onBinaries?.(binaries)
    if (failures.length > 0) task.fail(describeExit(step, result))
    else task.detail(`${describeSeconds(result.seconds)}${cached ? ', cached' : ''}`)
    return { step, binaries, failures, raced: language.isRace?.(output) ?? false }
  })
}

/** What the second run did, in the time of both. */
const afterFirst = (first: RunResult, second: RunResult): RunResult => ({
  ...second,
  seconds: first.seconds + second.seconds,
})

function prepareStep(step: Step, plan: PlannedCompile, context: TemporaryContext): Promise<void> {
  return runTask(context.emit, stepId(step), async task => {
    const result = await runStep(step, plan, context, task)
    if (result.ok) return task.detail(describeSeconds(result.seconds))
    task.fail(describeExit(step, result))
    throw prepareFailed(step, result, plan, logPath(step, context))
  })
}

function runStep(
  step: Step,
  plan: PlannedCompile,
  context: TemporaryContext,
  task: Task,
): Promise<RunResult> {
  const progress = languages[plan.project.language].progress(step, plan.project)
  const onStderr = (line: string) => {
    const detail = progress(line)
    if (detail) task.progress(detail)
  }
  const { stage } = step
  if (stage) {
    const logFile = startLog(step, context)
    return runStage({ ...step, stage }, { ...context, logFile, onStderr, onProgress: task.progress })
  }
  return context.early?.take(step, context.signal, onStderr) ?? runHere(step, context, onStderr)
}
