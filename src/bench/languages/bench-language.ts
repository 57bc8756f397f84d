import type { Executable, Project } from '../../languages/language.ts'
import type { Platform } from '../../platforms.ts'
import type { Command } from '../../types.ts'

/** A copy of the project with its dependencies, made for measuring. */
export interface StagedProject {
  /** The project's own folder. */
  readonly original: string
  /** The copy of all of its sources, a workspace where it is a member of one. */
  readonly top: string
  /** The project in that copy: where every strategy compiles. */
  readonly root: string
  /** What a new cache begins with: packages that the toolchain would look for there. */
  readonly seed: string
  readonly signal: AbortSignal
}

/** A toolchain as a folder of this machine, for the Dockerfile strategies where no image fits. */
export interface ToolchainFolder {
  readonly folder: string
  /** What it is, for the record: `golang.org/toolchain@v0.0.1-go1.26.8.linux-arm64`. */
  readonly name: string
  /** The program in it that replaces the tool of the native command, relative to the folder. */
  readonly program: string
  /** Dockerfile instructions besides copying the folder to /toolchain; `files` is its build context. */
  readonly setup: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A line to add to a source file: the smallest change that must be compiled. */
export interface Edit {
  /** Absolute strategy in the staged copy. */
  readonly file: string
  /** The line that holds `text`, which is different each time, so that none is found in a cache. */
  line(text: string): string
}

/** Where things are in a builder stage; the templates say the same. */
export const stageFolders = {
  source: '/src',
  caches: '/caches',
  out: '/out',
  toolchain: '/toolchain',
} as const

/** What measuring needs to know of a language beyond how it compiles: a record in the table of bench/languages.ts. */
export interface BenchLanguage {
  /** The folder that holds all sources, where that is not the project's own; absent: it always is. */
  sourceRoot?(dir: string, signal: AbortSignal): Promise<string>
  /** The official image of a toolchain version; absent where there is none. */
  image?(version: string, command: Command): string
  /** Variables that an image needs to use its own toolchain, whatever the project asks for. */
  imageEnv?(version: string): Readonly<Record<string, string>>
  /** Arguments for the toolchain on every strategy, before those of the user; `tokens.caches` stands for the caches. */
  readonly args: readonly string[]
  /** Variables for every strategy that keep what is compiled below `tokens.caches`, and nothing outside it. */
  cacheEnv(): Readonly<Record<string, string>>
  /** A folder of this machine whose name in the command stands for the caches. */
  cacheFolder?(project: Project): string
  /** Fills `seed`, where the toolchain expects dependencies in its cache and not in the source tree. */
  seedCaches?(project: Project, staged: StagedProject): Promise<void>
  /**
   * Fetches the dependencies and puts them into the staged copy, so that no strategy needs the network.
   * @throws {Failure} compile, when they cannot be downloaded.
   */
  stageDependencies(staged: StagedProject): Promise<void>
  /** Variables of this machine's own settings that the Dockerfile strategies need to compile the same. */
  settings(staged: StagedProject): Promise<Readonly<Record<string, string>>>
  /** The change of the scenario `edited`; undefined where no source file can be told. */
  edit(staged: StagedProject, executable: Executable, project: Project): Promise<Edit | undefined>
  /**
   * A toolchain of the project's version that runs on `platform`; undefined where there is no way to one.
   * @throws {Failure} tool, when it cannot be fetched.
   */
  findToolchain?(
    project: Project,
    platform: Platform,
    staged: StagedProject,
    /** Whether this machine's own toolchain runs there. */
    host: boolean,
  ): Promise<ToolchainFolder | undefined>
  /** Instructions that make an image's toolchain ready for the command, such as a missing target's standard library. */
  prepareImage?(command: Command): readonly string[]
  /** Where the command leaves its binaries in the builder stage, when that is not below /out. */
  gather?(command: Command, platform: Platform, names: readonly string[]): readonly string[]
}
