import type { Platform } from '../platforms.ts'
import type { RunResult, run } from '../process.ts'
import type {
  Command,
  CompiledBinary,
  ExpectedArtifact,
  LibcPrediction,
  SourceInfo,
  Step,
  SupportFile,
} from '../types.ts'
import type { LanguageName, LanguageOptions } from './options.ts'

/** A program of the project that can become an image. */
export interface Executable {
  /** The file name of the binary. */
  readonly name: string
  /** What the toolchain calls it: a Go import path, a cargo package id and bin, a Zig artifact. */
  readonly package: string
  /** Other spellings that --bin takes, such as an import path. */
  readonly aliases?: readonly string[]
  /** Set when the name is xbuild's guess, which a compile confirms or corrects (Zig). */
  readonly predicted?: boolean
  /** Why it cannot be built, if the toolchain already knows; an error once it is chosen. */
  readonly problem?: string
  /** What fixes it, where that is known. */
  readonly problemFix?: string
  /** Absolute folder whose tags name its version, where that is not the project's: a module of a workspace. */
  readonly versionFolder?: string
}

/** C code that a project really compiles: what brings it in, and on which platforms where not on all. */
export interface CCode {
  /** The package, crate or module that needs a C compiler. */
  readonly dependency: string
  /** Platform ids; absent means all. */
  readonly platforms?: readonly string[]
  /** The executables (their `package`) that it is linked into; absent means all. */
  readonly executables?: readonly string[]
}

/** A project as its toolchain describes it, read without compiling and without writing. */
export interface Project {
  readonly language: LanguageName
  /** Absolute folder that the toolchain runs in. */
  readonly root: string
  /** What the project is called, by its module path or its package; absent where only its folder has a name. */
  readonly name?: string
  /** Sorted by name. */
  readonly executables: readonly Executable[]
  /** The executable to build if none is chosen, by name or package: cargo's default-run, what GoReleaser builds. */
  readonly defaultExecutable?: string
  readonly toolchain: { readonly name: string; readonly version: string }
  /** C code that has to be compiled, as far as it is known before compiling. */
  readonly cCode: readonly CCode[]
  /** The package's own version, for projects that state one (Cargo.toml, build.zig.zon). */
  readonly version?: string
  /** The folder in which the toolchain keeps what it compiled, where that lies outside the project. */
  readonly cacheFolder?: string
  /** Files of the project that the toolchain rewrites when it only reads, and that are given their content back. */
  readonly keptFiles?: readonly string[]
  /** The project as it is read for a platform or a program that xbuild.toml has settings of its own for (variants.ts). */
  readonly variants?: ReadonlyMap<string, Project>
  /** What a person should know of this project: executables left out and why, and the like. */
  readonly remarks: readonly string[]
}

/** What is to be compiled, of a project that has been inspected. */
export interface CompileRequest {
  readonly platforms: readonly Platform[]
  readonly executables: readonly Executable[]
  readonly options: LanguageOptions
  /** What came after `--` on the command line; the toolchain's last arguments. */
  readonly toolchainArgs: readonly string[]
  readonly source: SourceInfo
  /** The program whose own settings these options are; absent for those that all others have in common. */
  readonly program?: string
  /** How many platforms the whole build compiles for, each program of its own settings apart; absent for those of this request. */
  readonly builds?: number
  /** Processors to use. */
  readonly jobs: number
  /** Processors of this machine. */
  readonly processors: number
  /** Whether the step writes down what a cache program had, where one is asked. */
  readonly countsCache?: boolean
  /** Whether the toolchain's caches are known to hold this project's earlier build. */
  readonly warm: boolean
  /** Absolute folder for what the toolchain would keep in the project's own, where that cannot be written. */
  readonly caches?: string
}

/** What a shared cache of compiles was asked for and had. */
export interface CacheCounts {
  readonly hits: number
  readonly misses: number
}

/** How a project is compiled: data that `plan` prints and `build` runs. */
export interface CompilePlan {
  readonly files: readonly SupportFile[]
  /** Run one after another, before the others: downloads and the like. */
  readonly prepare: readonly Step[]
  /** Run `concurrency` at a time. */
  readonly steps: readonly Step[]
  readonly concurrency: number
  readonly prediction: LibcPrediction
  readonly hints: readonly string[]
  /** What a person should know of how it is compiled. */
  readonly remarks?: readonly string[]
  /** What was asked for and has no effect. */
  readonly warnings?: readonly string[]
}

/** Runs a command of a toolchain; on this machine it is that of process.ts. */
export type RunTool = typeof run

/** What inspecting a project may use. */
export interface InspectContext {
  readonly options: LanguageOptions
  readonly platforms: readonly Platform[]
  /** What came after `--`: some of it decides which sources are read. */
  readonly toolchainArgs?: readonly string[]
  /** The executables asked for by name, so that what the others need is left alone; absent reads all of them. */
  readonly wanted?: readonly string[]
  /** Whether a build follows, so that what the compile would download and lock may be downloaded and locked now. */
  readonly download?: boolean
  /** A file for what the toolchain says of the project, which saves asking again while nothing of it has changed. */
  readonly answersFile?: string
  /** Told what the toolchain says it downloads, such as `golang.org/x/net v0.30.0`. */
  readonly onDownload?: ((what: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Runs the toolchain's commands, where this machine has none. */
  readonly run?: RunTool | undefined
}

/**
 * One language: a record in the closed table of languages/index.ts. `inspect` and `compile` run no compiler and write
 * nothing; `collect` reads what a finished step left.
 */
export interface Language<P extends Project = Project> {
  readonly name: LanguageName
  readonly title: string
  /** A file of one of these names marks a folder as a project of this language. */
  readonly markers: readonly string[]
  /** Files in its folder or above that name what may have to come before the compilers: a toolchain, packages. */
  readonly watchedFiles?: readonly string[]
  /** The ending of source files, where a folder with some is a program of the project above it. */
  readonly programFile?: string
  /** Flags of the toolchain that are refused after `--`, because xbuild sets them, each with what to do instead. */
  readonly ownFlags: Readonly<Record<string, string>>
  /**
   * Reads the project.
   * @throws {Failure} project, when it is not understood; tool, when the toolchain is missing or too old.
   */
  inspect(dir: string, context: InspectContext): Promise<P>
  /**
   * Plans its compile; pure.
   * @throws {Failure} usage, when the toolchain cannot build one of the platforms; tool, when C code needs a C
   * toolchain that is not there.
   */
  compile(project: P, request: CompileRequest): CompilePlan
  /**
   * Where a step writes a binary, below the work folder, for a linker that leaves its own output alone while nothing
   * has changed: it finds there what the last build kept.
   */
  readonly outputPath?: (artifact: ExpectedArtifact) => string
  /** The binaries that a finished step left. One that is missing has failed to compile. */
  collect(step: Step, result: RunResult): Promise<CompiledBinary[]>
  /** What the shared cache of a finished step had, from its log (`cacheLog`). */
  countCache?(path: string): Promise<CacheCounts>
  /** Another step that may make what a finished one left out, such as one of build.zig that installs a program. */
  alternative?(step: Step, result: RunResult): Promise<Step | undefined>
  /** A reader of the tool's stderr lines (called for each in turn) that returns a short progress text or undefined. */
  progress(step: Step, project: P): (line: string) => string | undefined
  /** The compiler's own message for a platform, trimmed of progress and noise for a person to read. */
  explain(output: string, platform: Platform): string
  /**
   * What fixes it, where the output is of a kind that is known: the command or change first, then the reason. `env` is
   * what the step's command was given: a fix is never what was tried already.
   */
  advise?(output: string, platform: Platform, env?: Command['env']): string | undefined
  /** Whether this failure is a known race between parallel steps, worth one retry alone. */
  isRace?(output: string): boolean
  /** The command that a person runs to see the toolchain's version, for reports and errors. */
  readonly versionCommand: Pick<Command, 'tool' | 'args'>
}
