import { availableParallelism } from 'node:os'
import { wantedImages } from '../../build/wanted-images.ts'
import type { Options } from '../../config/options.ts'
import { languages } from '../../languages/index.ts'
import type { CompilePlan, Executable, Project } from '../../languages/language.ts'
import type { Platform } from '../../platforms.ts'
import type { SourceInfo } from '../../types.ts'
import { tokens } from '../../util/substitute.ts'
import type { BenchLanguage, StagedProject } from '../languages/bench-language.ts'
import type { Ended } from './builder/explain-end.ts'
import type { Engine, Outcome, ScenarioName, StrategyName } from './measurement.ts'

/** What a measurement compiles, on every strategy alike. */
export interface Subject {
  readonly options: Options
  readonly staged: StagedProject
  /** The run's temporary folder. */
  readonly folder: string
  readonly project: Project
  readonly executables: readonly Executable[]
  readonly source: SourceInfo
  readonly language: BenchLanguage
  /** Variables that every strategy sets; where caches go is each strategy's own. */
  readonly settings: Readonly<Record<string, string>>
  /** Absent where no Dockerfile strategy is measured. */
  readonly builder?: Builder
  /** Why there is no builder although a Dockerfile strategy was to be measured. */
  readonly noBuilder?: string
}

/** The builder of the Dockerfile strategies. */
export interface Builder {
  readonly engine: Engine
  /** As --builder. */
  readonly name?: string
  /** Architecture of the machine that it runs on; absent where that cannot be told. */
  readonly arch?: string
  /** Whether that is this machine, so that its kernel can be asked. */
  readonly local: boolean
}

/** One run of a strategy. */
export interface RunRequest {
  readonly scenario: ScenarioName
  /** Names the caches: a new name is an empty cache. */
  readonly caches: string
  readonly signal: AbortSignal
  /** Seconds. */
  readonly limit: number | undefined
  readonly onProgress: (detail: string) => void
}

/** A strategy that is ready to be measured for one platform. */
export interface ReadyStrategy {
  /** Where its toolchain comes from, where it is not this machine's own. */
  readonly toolchain?: string
  /** @throws {Failure} when measuring makes no sense any more: the project does not compile, an interrupt. */
  run(request: RunRequest): Promise<Outcome>
  /** Removes caches that no further run asks for. */
  discard?(caches: string): Promise<void>
}

/** One way from source to binary: a record in the table of strategies.ts. */
export interface Strategy {
  readonly name: StrategyName
  readonly usesBuilder: boolean
  /** Why the strategy makes no sense for this platform here; undefined where it does. */
  refuses(subject: Subject, platform: Platform): string | undefined
  /**
   * Everything that a machine which has built before would have: the toolchain, pulled and unpacked.
   * @returns how it ended, where the builder has begun it and failed.
   * @throws {Failure}
   */
  prepare(
    subject: Subject,
    platform: Platform,
    signal: AbortSignal,
    onProgress: (detail: string) => void,
  ): Promise<ReadyStrategy | Ended>
}

/** Caches of compilers that several builds share, which the strategies set to nothing. */
const sharedCaches: ReadonlySet<string> = new Set(['GOCACHEPROG', 'RUSTC_WRAPPER', 'RUSTC_WORKSPACE_WRAPPER'])

/**
 * How one platform is compiled when it is compiled alone. Every strategy runs this very command, so that flags are equal;
 * `tokens.caches` in it stands for the caches.
 */
export function compileAlone(
  { project, executables, options, source, language, settings }: Omit<Subject, 'folder' | 'staged'>,
  platform: Platform,
): CompilePlan {
  const plan = languages[project.language].compile(project, {
    platforms: [platform],
    executables,
    options: options.language,
    toolchainArgs: [...language.args, ...options.toolchainArgs],
    source,
    jobs: options.jobs,
    processors: availableParallelism(),
    // Cold or warm, the flags stay the same.
    warm: false,
  })
  const env = { ...settings, ...language.cacheEnv() }
  // Also against what xbuild.toml says: a cold build that finds a shared cache is none.
  const off = Object.fromEntries(Object.entries(settings).filter(([name]) => sharedCaches.has(name)))
  const folder = language.cacheFolder?.(project)
  const steps = plan.steps.map(step => {
    const { command } = step
    const args = command.args.map(arg => (folder ? arg.replaceAll(folder, tokens.caches) : arg))
    return { ...step, command: { ...command, args, env: { ...env, ...command.env, ...off } } }
  })
  return { ...plan, steps }
}

/** Reads the staged copy as a build would read the project. */
export function inspectStaged(
  { options, staged }: Pick<Subject, 'options' | 'staged'>,
  language: Project['language'],
  platforms: readonly Platform[],
): Promise<Project> {
  const { toolchainArgs } = options
  const { signal } = staged
  return languages[language].inspect(staged.root, {
    options: options.language,
    platforms,
    toolchainArgs,
    signal,
  })
}

/** The executables that would be built, by the names that a build takes: --bin may be an image's. */
export function wantedExecutables(project: Project, options: Options): readonly Executable[] {
  return [...new Set(wantedImages(project, options).flatMap(({ executables }) => executables))]
}
