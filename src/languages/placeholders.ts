import type { Platform } from '../platforms.ts'
import { fillPlaceholders, type Placeholders, sourcePlaceholders } from '../util/placeholders.ts'
import type { CompileRequest } from './language.ts'

/** The placeholders of a compile step: `{name}` and `{platform}` have a value where the step makes one of them. */
export function stepPlaceholders(
  { source, executables }: Pick<CompileRequest, 'source' | 'executables'>,
  platforms: readonly Platform[],
): Placeholders {
  const [executable] = executables.length === 1 ? executables : []
  const [platform] = platforms.length === 1 ? platforms : []
  return { ...sourcePlaceholders(source), name: executable?.name, platform: platform?.id }
}

/** An environment with its placeholders filled in. */
export function fillEnv(
  env: Readonly<Record<string, string>>,
  values: Placeholders,
  place: string,
): Record<string, string> {
  const filled = Object.entries(env).map(([name, text]) => [
    name,
    fillPlaceholders(text, values, `${place} ${name}`),
  ])
  return Object.fromEntries(filled)
}
