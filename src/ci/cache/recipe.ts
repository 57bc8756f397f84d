import type { Options } from '../../config/options.ts'

/** What a toolchain keeps between builds, and what decides whether it fits. */
export interface ToolchainFacts {
  /** As keys have it: `go1.26.8`, `rustc1.91.0`. Another one can use nothing of the old cache. */
  readonly toolchain: string
  /** Absolute paths of the files that name the dependencies; those that are not there count as empty. */
  readonly locks: readonly string[]
  readonly folders: readonly CachedFolder[]
}

/** A folder to keep. */
export interface CachedFolder {
  /** Absolute. */
  readonly path: string
  /** What it holds, for people. */
  readonly holds: string
  /**
   * Reads after the build what tells which files it used: lock files and packages are there only then.
   * @param since when the build began, in milliseconds since 1970
   */
  findUsed(since: number): Promise<IsUsed>
}

/** Whether the build used a file. `file` is its path below the folder, with slashes; `mtime` as `since` has it. */
export type IsUsed = (file: string, mtime: number) => boolean

/** One language: a record in the table of plan.ts. */
export interface CacheRecipe {
  /** Variables that change what is compiled, so that they are part of the key. */
  readonly variables: RegExp
  /**
   * Asks the toolchain; compiles nothing.
   * @throws {Failure} tool, when it is missing; project, when it cannot read the project.
   */
  read(options: Options, signal: AbortSignal): Promise<ToolchainFacts>
}

/** What Go touches when it uses it is touched at most once an hour (cmd/go/internal/cache, mtimeInterval). */
export const touchInterval = 61 * 60 * 1000
