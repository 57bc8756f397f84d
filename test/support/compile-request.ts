import * as v from 'valibot'
import type { CompileRequest, Project } from '../../src/languages/language.ts'
import { compileTables, type LanguageOptions } from '../../src/languages/options.ts'
import type { Platform } from '../../src/platforms.ts'

/** What xbuild.toml's language tables say when it says nothing. */
export const defaultOptions: LanguageOptions = v.parse(v.object(compileTables), {})

/** A request to compile every executable of a project, on four processors. */
export function compileRequest(
  project: Project,
  platforms: readonly Platform[],
  changes: Partial<CompileRequest> = {},
): CompileRequest {
  return {
    platforms,
    executables: project.executables,
    options: defaultOptions,
    toolchainArgs: [],
    source: { epoch: 0 },
    jobs: 4,
    processors: 4,
    warm: false,
    ...changes,
  }
}
