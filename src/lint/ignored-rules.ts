import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { configFile, loadConfig } from '../config/load.ts'
import { Failure } from '../errors.ts'
import { closestMatch } from '../util/closest-match.ts'
import { allRules } from './rules.ts'

/**
 * The rules that do not count for a file: `[lint] ignore` of the nearest xbuild.toml from its folder up to the top of its
 * repository, else that of `cwd`. Each xbuild.toml is read once.
 * @returns a function of the file's absolute path
 */
export function ignoredRules(cwd: string): (path: string) => Promise<readonly string[]> {
  const known = new Map<string, Promise<readonly string[]>>()
  return path => {
    const dir = folderOfConfig(dirname(path)) ?? cwd
    const found = known.get(dir) ?? readIgnored(dir)
    known.set(dir, found)
    return found
  }
}

/** The nearest folder that has an xbuild.toml; outside of a repository it is the file's own or none. */
function folderOfConfig(start: string): string | undefined {
  let nearest: string | undefined
  for (let dir = start; ; dir = dirname(dir)) {
    if (nearest === undefined && existsSync(join(dir, configFile))) nearest = dir
    if (existsSync(join(dir, '.git'))) return nearest
    if (dir === dirname(dir)) return nearest === start ? start : undefined
  }
}

async function readIgnored(dir: string): Promise<readonly string[]> {
  const folder = relative(process.cwd(), dir) || '.'
  const { ignore } = (await loadConfig(folder)).lint
  const ids = allRules.map(rule => rule.id)
  const wrong = ignore.find(id => !ids.includes(id) && !id.startsWith('buildkit/'))
  if (wrong !== undefined) throw unknownRule(wrong, `${join(folder, configFile)}, [lint] ignore`)
  return ignore
}

/** The failure for the ID of a rule that there is none of. */
export function unknownRule(id: string, where: string): Failure {
  const known = allRules.map(rule => rule.id)
  const near = closestMatch(id, known)
  return new Failure({
    kind: 'usage',
    what: `There is no rule ${JSON.stringify(id)}${near ? `; did you mean ${near}?` : ''}`,
    where,
    why: `the rules are ${known.join(', ')}`,
    fix: `xbuild lint --explain ${near ?? known[0]}`,
  })
}
