import type { CompileRequest, Project } from '../../languages/language.ts'
import type { Command, Step } from '../../types.ts'
import type { ReadPath } from './reads/read-path.ts'

/** Where things are in a stage that compiles; the sources are where they are on this machine. */
export const stageFolders = { work: '/xbuild', caches: '/xbuild/cache' } as const

/** A folder that the builder keeps between builds. */
export interface CacheMount {
  /** Part of its id: the project's is put in front, and the platform behind where each has its own. */
  readonly name: string
  /** Absolute path in the stage; `${NAME:-default}` is a variable of the image. */
  readonly target: string
  readonly perPlatform: boolean
  /** One compile at a time, where what it leaves there is taken after the toolchain's own lock has ended. */
  readonly locked?: true
}

/** What compiling on a builder needs to know of a language: a record in the table of index.ts. */
export interface BuilderLanguage {
  /** The official image of a version, and why there is none where there is none. */
  image(version: string): { readonly reference: string } | { readonly missing: string }
  /**
   * The project as a stage has it: without what this machine has, lacks and keeps.
   * @throws {Failure} usage, naming what a stage cannot compile.
   */
  elsewhere(project: Project, request: CompileRequest): Project
  /** Variables of this machine that decide what is compiled, and those that say where caches are. */
  env(project?: Project): Readonly<Record<string, string>>
  /** Of the environment: the program that keeps what was compiled, which an official image has not, and what is for it. */
  programs(project: Project): Readonly<Record<string, string>>
  caches(command: Command): readonly CacheMount[]
  /** The names of those that reading a project fills: what it depends on. */
  readonly downloads: readonly string[]
  /** The official image for a project that nothing has read yet, by what its own files ask for. */
  imageFor(dir: string): Promise<ReturnType<BuilderLanguage['image']>>
  /** The folder of all sources of a project in `dir`: of a workspace that it is a member of, or its own. */
  top(dir: string, project?: Project): string
  /** What the compile reads by path, as far as files and flags say so, wherever it lies. */
  reads(dir: string, toolchainArgs: readonly string[], project?: Project): Promise<readonly ReadPath[]>
  /** What to say of settings of this machine that a builder does not get. */
  unsent?(dir: string, root: string, secrets: readonly string[]): Promise<readonly string[]>
  /** What the project calls itself in a file that needs no toolchain: part of the ids of its caches. */
  readonly named: { readonly file: string; readonly pattern: RegExp }
  /** Absolute folders of outputs and caches below the sources, which are not sent. */
  outputs(project: Project): readonly string[]
  /** Instructions that make an image's toolchain ready, such as a missing target's standard library. */
  prepare?(step: Step): readonly string[]
  /** Variables for the official image of a version. */
  imageEnv?(version: string): Readonly<Record<string, string>>
  /**
   * Whether the toolchain tells by the times of files what has changed since the builder's cache was filled. Those of the
   * sources come from another machine, where the clock or an earlier checkout may be behind.
   */
  readonly comparesTimes?: true
  /** Words of a shell that go before a command that runs in one; `official` where the image is, and nothing names its toolchain. */
  ready?(of: { readonly official: boolean }): string
  /** Where the command leaves its binaries in the stage, where it takes no folder for them. */
  gather?(step: Step, project: Project): readonly string[]
}
