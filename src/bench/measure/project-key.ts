import type { Options } from '../../config/options.ts'
import type { Executable, Project } from '../../languages/language.ts'
import { redact } from '../../util/redact.ts'
import type { MeasuredProject } from './measurement.ts'

/** What a project's measurements are known by: two of them are comparable when all of it is equal. */
export function projectKey(
  project: Pick<Project, 'language' | 'toolchain'>,
  executables: readonly Pick<Executable, 'name'>[],
  options: Pick<Options, 'language' | 'toolchainArgs'>,
): MeasuredProject {
  const { language, toolchain } = project
  const settings = {
    ...options.language[language],
    c: options.language.c.toolchain,
    arguments: options.toolchainArgs,
  }
  return {
    language,
    executables: executables.map(({ name }) => name).sort(),
    toolchain,
    settings: redact(JSON.stringify(settings, withoutValues)),
  }
}

/** Values of variables may be secrets, and belong into no file. */
function withoutValues(key: string, value: unknown): unknown {
  return key === 'env' ? Object.keys(value as object) : value
}
