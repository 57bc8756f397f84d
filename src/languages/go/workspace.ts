import { realpath } from 'node:fs/promises'
import { relative } from 'node:path'
import { Failure } from '../../errors.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { InspectContext } from '../language.ts'
import { runGo } from './run-go.ts'

/**
 * The patterns that name every package below a folder. In a workspace that is `./...` of each of its modules there, because
 * at a go.work root that is no module itself `./...` matches nothing.
 * @param work what `go env GOWORK` says: the path of the go.work file that Go uses, "off", or nothing
 * @throws {Failure} project, when the workspace that Go uses does not have the module in this folder.
 */
export async function packagePatterns(
  dir: string,
  work: string,
  context: InspectContext,
): Promise<readonly string[]> {
  if (work === '' || work === 'off') return ['./...']
  const result = await runGo(dir, ['list', '-m', '-f', '{{.Dir}}'], context)
  const folders = result.stdout.split('\n').filter(Boolean)
  const patterns = folders.flatMap(folder => {
    const path = below(dir, folder)
    return path === undefined ? [] : [path === '' ? './...' : `./${path}/...`]
  })
  if (patterns.length > 0) return patterns
  if (folders.some(folder => below(folder, dir) !== undefined)) return ['./...']
  // Where a link leads to the folder, go may name the modules by their real paths.
  const real = await realpath(dir)
  if (real !== dir) return packagePatterns(real, work, context)
  throw new Failure({
    kind: 'project',
    what: `The workspace ${work} does not use the module in ${dir}`,
    where: dir,
    why: 'go takes the go.work file of a folder above, and builds only what that names',
    fix: `go work use ${quoteWord(dir)}   or, without the workspace:\nGOWORK=off xbuild …`,
  })
}

/** What go adds to while it reads a workspace, whether or not anything is built: the sums of modules. */
export function workspaceSums(work: string): string[] {
  return work === '' || work === 'off' ? [] : [work.replace(/\.work$/, '.work.sum')]
}

/** The path from one folder to another below it; undefined where that is elsewhere. */
function below(from: string, to: string): string | undefined {
  const path = relative(from, to)
  return path === '..' || path.startsWith('../') ? undefined : path
}
