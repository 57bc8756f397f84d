import { isFailure } from '../../errors.ts'
import { readGitHub, readGitLab } from '../../lint/workflow/parse.ts'
import { parseYaml } from '../../lint/workflow/yaml.ts'
import { defaultPlatforms, parsePlatforms } from '../../platforms.ts'
import { indexLines } from '../../util/source-text.ts'

/** The platforms that a pipeline builds for, where they are not xbuild's own. */
export interface FoundPlatforms {
  readonly platforms: readonly string[]
  readonly line: number
}

/** The platforms of the first build of a workflow or pipeline that names some. */
export function platformsOf(text: string, kind: 'github' | 'gitlab'): FoundPlatforms | undefined {
  const file = parseYaml(text)
  if ('fault' in file) return undefined
  const { jobs } = kind === 'github' ? readGitHub(text, file.root) : readGitLab(text, file.root)
  const builds = jobs.flatMap(({ steps }) => steps).flatMap(step => step.builds)
  for (const { platforms } of builds) {
    const names = platforms
      .flatMap(({ value }) => value.split(','))
      .map(name => name.trim())
      .filter(Boolean)
    const ids = names.some(name => name.includes('$')) ? [] : idsOf(names)
    const [first] = platforms
    if (ids.length > 0 && first && !isDefault(ids))
      return { platforms: ids, line: indexLines(text).positionAt(first.start).line }
  }
  return undefined
}

function idsOf(names: readonly string[]): string[] {
  try {
    return names.length === 0 ? [] : parsePlatforms(names).map(({ id }) => id)
  } catch (error) {
    if (isFailure(error)) return []
    throw error
  }
}

/** Whether these are the platforms that xbuild builds for anyway. */
export function isDefault(ids: readonly string[]): boolean {
  return [...ids].sort().join() === [...defaultPlatforms].sort().join()
}
