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

/** The platforms of the build of a workflow or pipeline that names most; one platform alone is a test's. */
export function platformsOf(text: string, kind: 'github' | 'gitlab'): FoundPlatforms | undefined {
  const file = parseYaml(text)
  if ('fault' in file) return undefined
  const { jobs } = kind === 'github' ? readGitHub(text, file.root) : readGitLab(text, file.root)
  const found = jobs
    .flatMap(({ steps }) => steps)
    .flatMap(step => step.builds)
    .flatMap(({ platforms: values }): FoundPlatforms[] => {
      const [first] = values
      const names = values.flatMap(({ value }) => value.split(',')).map(name => name.trim())
      const platforms = names.some(name => name.includes('$')) ? [] : idsOf(names.filter(Boolean))
      if (!first || platforms.length < 2) return []
      return [{ platforms, line: indexLines(text).positionAt(first.start).line }]
    })
  return widest(found)
}

/** The list with most platforms, the first of them. */
export function widest<T extends Pick<FoundPlatforms, 'platforms'>>(found: readonly T[]): T | undefined {
  return [...found].sort((a, b) => b.platforms.length - a.platforms.length)[0]
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
