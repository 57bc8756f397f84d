import { isFailure } from '../errors.ts'
import { findFiles, kindOf } from '../lint/find-files.ts'
import { count } from '../util/format.ts'

/** Folders whose Dockerfiles are not of the project's own image. */
const foreign =
  /(?:^|\/)(?:vendor|node_modules|third_party|testdata|tests?|fixtures|examples?|\.devcontainer)\//

/** The Dockerfiles of a project that has none in a usual place, by their paths from its folder. */
export async function otherDockerfiles(dir: string, signal: AbortSignal): Promise<string[]> {
  const files = await findFiles(dir, [], signal).catch(error => {
    if (isFailure(error, 'usage')) return [] // git tracks none
    throw error
  })
  return files.filter(path => kindOf(path) === 'dockerfile' && !foreign.test(path))
}

/** How to have one of them taken over; empty where there is none. */
export function describeOthers(paths: readonly string[]): string {
  const [first] = paths
  if (first === undefined) return ''
  const shown = paths.slice(0, 5)
  const more = paths.length > shown.length ? `, and ${paths.length - shown.length} more` : ''
  return paths.length === 1
    ? `No Dockerfile is in a usual place; xbuild init --file ${first} takes that one over`
    : `No Dockerfile is in a usual place, but ${count(paths.length, 'file', 'files')} elsewhere: ${shown.join(', ')}${more}; xbuild init --file ${first} takes the first one over`
}
