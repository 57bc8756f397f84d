import type { Options } from '../../config/options.ts'
import type { Destination } from '../../image/destination.ts'
import { languages } from '../../languages/index.ts'
import type { CompilePlan, CompileRequest, Project } from '../../languages/language.ts'
import { variantsOfAll } from '../../languages/variant-options.ts'
import { ofProgram, partOf } from '../../languages/variants.ts'
import type { Step } from '../../types.ts'
import type { BuilderLanguage } from './builder-language.ts'
import { compileCaches } from './caches.ts'
import { builderLanguages } from './index.ts'
import { cacheLogName, type StageFacts, stageOf } from './stage.ts'

/** What planning a compile on a builder needs besides the request. */
export interface OnBuilder extends StageFacts {
  /** The image that the program is for: its caches are the compile's too. */
  readonly cached: {
    readonly name: string
    readonly tags: readonly string[]
    readonly destinations: readonly Destination[]
  }
  /** The folder that xbuild was called in. */
  readonly cwd: string
}

/** Programs of this machine that keep what was compiled, which an official image has not. */
const cachePrograms = ['GOCACHEPROG', 'RUSTC_WRAPPER', 'RUSTC_WORKSPACE_WRAPPER']

/**
 * Plans a compile on the builder of buildx: for each platform the very command that would run here, in a stage. Pure.
 * @throws {Failure} usage, when a stage cannot compile it; those of the language.
 */
export function planOnBuilder(
  project: Project,
  given: CompileRequest,
  { buildx, compile }: Pick<Options, 'buildx' | 'compile'>,
  { cached, ...facts }: OnBuilder,
): CompilePlan {
  const language = builderLanguages[project.language]
  const { caches: _, ...request } = given
  // A builder's machine shares its processors out by itself.
  const { processors = request.processors } = project as { readonly processors?: number }
  const countsCache = compile.image !== undefined
  const onStage = { ...request, warm: true, jobs: processors, processors, countsCache }
  const { options, platforms, executables } = request
  const variants = variantsOfAll(project.language, options, platforms, executables)
  const plans = variants.flatMap(({ platforms, ...variant }) =>
    platforms.map(platform => {
      const elsewhere = language.elsewhere(partOf(project, platform, variant.program), {
        ...request,
        ...variant,
      })
      const own = { ...onStage, ...variant, platforms: [platform] }
      const plan = languages[project.language].compile(elsewhere, own)
      const steps = plan.steps.map(step => ({
        step: ofProgram(step, variant.program),
        platform,
        elsewhere,
      }))
      return { ...plan, steps }
    }),
  )
  const [first] = plans
  const dropped = new Set<string>()
  const steps = plans
    .flatMap(plan => plan.steps)
    .map(({ step, platform, elsewhere }) => {
      const env = { ...language.programs(elsewhere), ...step.command.env }
      const whole = { ...step.command, env }
      const { command, lost } = compile.image
        ? { command: whole, lost: [] }
        : forOfficialImage(whole, elsewhere)
      for (const name of lost) dropped.add(name)
      const own = withLogInside({ ...step, title: `${step.title} on the builder`, command })
      const stage = stageOf(own, {
        ...facts,
        ...compile,
        image: facts.image,
        project: elsewhere,
        language,
        platform,
        builder: buildx.builder,
        caches: compileCaches(cached, platform, buildx),
      })
      return { ...own, stage }
    })
  const all = (list: (plan: CompilePlan) => readonly string[] | undefined) => [
    ...new Set(plans.flatMap(({ steps: _, ...plan }) => list({ ...plan, steps: [] }) ?? [])),
  ]
  return {
    files: [],
    prepare: [],
    steps,
    // BuildKit decides how many run at once.
    concurrency: Math.max(1, steps.length),
    prediction: first?.prediction ?? { libc: 'unknown', cxx: false, reason: '' },
    hints: all(plan => plan.hints),
    remarks: all(plan => plan.remarks),
    warnings: [
      ...all(plan => plan.warnings),
      ...[...dropped].map(
        name =>
          `${name} has no effect on the builder: ${facts.image} has no such program; [toolchain] image names one that has it`,
      ),
    ],
  }
}

type Command = Step['command']

/** What the cache program had is told in a file, which comes back with the binaries. */
function withLogInside(step: Step): Step {
  const { cacheLog, outputDir, command } = step
  if (!cacheLog || outputDir === undefined) return step
  const path = `${outputDir}${cacheLogName}`
  const args = command.args.map(word => word.replace(cacheLog.path, path))
  return { ...step, command: { ...command, args }, cacheLog: { ...cacheLog, path } }
}

/** With the variables of the image, and without programs that it lacks. */
function forOfficialImage(
  command: Command,
  { language, toolchain }: Project,
): { readonly command: Command; readonly lost: readonly string[] } {
  const own: BuilderLanguage = builderLanguages[language]
  const entries = Object.entries(command.env ?? {})
  const isProgram = ([name, value]: [string, string]) => cachePrograms.includes(name) && value !== ''
  return {
    command: {
      ...command,
      env: {
        ...own.imageEnv?.(toolchain.version),
        ...Object.fromEntries(entries.filter(entry => !isProgram(entry))),
      },
    },
    lost: entries.filter(isProgram).map(([name]) => name),
  }
}
