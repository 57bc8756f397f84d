import { Failure } from '../errors.ts'
import { closestMatch } from '../util/closest-match.ts'
import type { Executable, Project } from './language.ts'

/**
 * The executables to build: those asked for by name or package, else the only one or the project's default.
 * @throws {Failure} project, with the list of choices, when there is none, several and none chosen, or the one chosen
 * cannot be built; usage, when a name is unknown.
 */
export function chooseExecutables(project: Project, asked: readonly string[]): readonly Executable[] {
  const { executables } = project
  const choices = executables.map(item => `--bin ${item.name}   (${item.package})`).join('\n')
  if (executables.length === 0) {
    throw new Failure({
      kind: 'project',
      what: 'The project has no executable',
      where: project.root,
      why: 'a library has nothing to run, so no image can be made from it',
      fix: 'xbuild DIR, with the folder of a program',
    })
  }
  if (asked.length > 0)
    return [...new Set(asked.map(name => findExecutable(project, name)))].map(checkBuildable)
  const [only] =
    executables.length === 1
      ? executables
      : executables.filter(item => item.name === project.defaultExecutable)
  if (only) return [checkBuildable(only)]
  throw new Failure({
    kind: 'project',
    what: `The project has ${executables.length} executables, and none is chosen`,
    where: project.root,
    why: 'an image has one executable; several --bin make several images',
    fix: choices,
  })
}

function findExecutable(project: Project, name: string): Executable {
  const folder = `./${name.replace(/^\.\/|\/$/g, '')}`
  const matches = project.executables.filter(item => [name, folder].includes(item.package))
  const found = matches.length > 0 ? matches : project.executables.filter(item => item.name === name)
  if (found.length === 1) return found[0] as Executable
  // Only a compile knows Zig's executables. A name that is not among the guesses may be right, and is no guess itself.
  if (found.length === 0 && project.executables.some(item => item.predicted)) return { name, package: name }
  const names = project.executables.map(item => item.name)
  const suggestion = closestMatch(name, names)
  throw new Failure({
    kind: 'usage',
    what:
      found.length > 1
        ? `${found.length} executables are called ${name}`
        : `There is no executable ${JSON.stringify(name)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    where: project.root,
    why: found.length > 1 ? 'the name is ambiguous' : `the project has ${names.join(', ')}`,
    fix:
      found.length > 1
        ? found.map(item => `--bin ${item.package}`).join('\n')
        : `--bin ${suggestion ?? names[0]}`,
  })
}

function checkBuildable(item: Executable): Executable {
  if (item.problem === undefined) return item
  throw new Failure({
    kind: 'project',
    what: `${item.name} cannot be built`,
    where: item.package,
    why: item.problem,
    fix: 'fix that, or choose another executable with --bin',
  })
}
