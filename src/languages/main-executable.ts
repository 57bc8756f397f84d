import { basename } from 'node:path'
import type { Executable, Project } from './language.ts'

/** Folders and names that projects give to programs which are not what they ship. */
const helperNames = new Set(
  (
    'bench benchmark benchmarks build ci contrib demo demos dev doc docs e2e example examples fuzz fuzzing gen generate ' +
    'hack integration internal misc mock mocks sample samples script scripts test testdata testing tests tool tools util utils xtask'
  ).split(' '),
)

/**
 * The executable that is meant where none is named: the project's default, the only one, the one named after the project,
 * or the only one that is no tool, test or example. Undefined where more than one could be meant.
 */
export function mainExecutable(
  project: Pick<Project, 'executables' | 'defaultExecutable' | 'root' | 'name'>,
): Executable | undefined {
  const { executables, defaultExecutable, root, name = basename(root) } = project
  if (executables.length === 1) return executables[0]
  const named = executables.filter(item => [item.name, item.package].includes(defaultExecutable ?? ''))
  if (named.length === 1) return named[0]
  // What a project is about may lack a front end yet; then it is not its examples that are meant.
  const atRoot = executables.filter(item => item.package === '.')
  const shipped = executables.filter(item => !isHelper(item))
  const after = shipped.filter(item => [name, basename(root)].includes(item.name))
  return single(atRoot) ?? single(after) ?? single(shipped.filter(item => item.problem === undefined))
}

/** Whether it is a tool, a test or an example, by its name or a folder that it is in. */
export function isHelper({ name, package: place }: Executable): boolean {
  const words = [name, ...place.split(/[/\\]/)]
  return words.some(word => helperNames.has(word.replace(/^[._]+/, '')))
}

function single<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined
}
