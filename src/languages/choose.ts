import { Failure } from '../errors.ts'
import { closestMatch } from '../util/closest-match.ts'
import type { Executable, Project } from './language.ts'
import { isHelper, mainExecutable } from './main-executable.ts'

/**
 * The executables to build: those asked for by name or package, else the one that is meant (main-executable.ts).
 * @throws {Failure} project, with the list of choices, when there is none, several and none chosen, or the one chosen
 * cannot be built; usage, when a name is unknown.
 */
export function chooseExecutables(project: Project, asked: readonly string[]): readonly Executable[] {
  const { executables } = project
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
    return [...new Set(asked.map((name, at) => findExecutable(project, name, at)))].map(item =>
      checkBuildable(item, project),
    )
  const main = mainExecutable(project)
  if (main) return [checkBuildable(main, project)]
  const isPredicted = executables.some(item => item.predicted)
  throw new Failure({
    kind: 'project',
    // Those of a build.zig are the ones whose names it spells out: there may be more.
    what: isPredicted
      ? `build.zig names ${executables.length} executables, and none is chosen`
      : `The project has ${executables.length} executables, and none is chosen`,
    where: project.root,
    why: [
      'several --bin make an image each; [image] programs puts several into one',
      ...(isPredicted
        ? [
            'build.zig is a program and may make more: --bin takes any that it or a step of it installs, and zig build -l lists the steps',
          ]
        : []),
    ].join('\n'),
    fix: choices(executables).join('\n'),
  })
}

/** What of a project's executables is not built, where xbuild chose by itself: `--bin` for each in a spelling that works. */
export function otherChoices({ executables }: Project, chosen: Executable): readonly string[] {
  return executables
    .filter(item => item !== chosen && item.problem === undefined)
    .map(item => `--bin ${spelling(item, executables)}`)
}

/** Every program in a spelling that selects it; tools, tests and examples come last. */
function choices(executables: readonly Executable[]): string[] {
  const sorted = executables.toSorted((a, b) => Number(isHelper(a)) - Number(isHelper(b)))
  return sorted.map(item => describeChoice(item, executables))
}

function describeChoice(item: Executable, executables: readonly Executable[]): string {
  const word = spelling(item, executables)
  return `--bin ${word}${item.package === word ? '' : `   (${placeIn(item)})`}`
}

/** Where a program is, for a person: Go calls the project's own folder `.`. */
const placeIn = (item: Executable) => (item.package === '.' ? 'the top folder' : item.package)

/** The name, unless another executable has it too. */
function spelling(item: Executable, executables: readonly Executable[]): string {
  return executables.some(other => other !== item && other.name === item.name) ? item.package : item.name
}

/** @param at which of those that were asked for: the key of the failure, below that of the list */
function findExecutable(project: Project, name: string, at: number): Executable {
  const folder = name === './' ? '.' : `./${name.replace(/^\.\/|\/$/g, '')}`
  const ways: readonly ((item: Executable) => boolean | undefined)[] = [
    item => [name, folder].includes(item.package),
    item => item.name === name,
    item => item.aliases?.includes(name),
  ]
  const found = ways.map(way => project.executables.filter(way)).find(items => items.length > 0) ?? []
  if (found.length === 1) return found[0] as Executable
  // Only a compile knows Zig's executables. A name that is not among the guesses may be right, and is no guess itself.
  if (found.length === 0 && project.executables.some(item => item.predicted)) return { name, package: name }
  const names = project.executables.map(item => spelling(item, project.executables))
  const suggestion = closestMatch(name, names)
  throw new Failure({
    kind: 'usage',
    what:
      found.length > 1
        ? `${found.length} executables are called ${name}`
        : `There is no executable ${JSON.stringify(name)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    where: project.root,
    key: [at],
    why: found.length > 1 ? 'the name is ambiguous' : `the project has ${names.join(', ')}`,
    fix:
      found.length > 1
        ? found.map(item => `--bin ${item.package}`).join('\n')
        : (suggestion === undefined ? project.executables : [])
            .map(item => describeChoice(item, project.executables))
            .join('\n') || `--bin ${suggestion}`,
  })
}

function checkBuildable(item: Executable, { root }: Project): Executable {
  if (item.problem === undefined) return item
  throw new Failure({
    kind: 'project',
    what: `${item.name} cannot be built`,
    where: item.package === '.' ? root : item.package,
    why: item.problem,
    fix: item.problemFix ?? 'fix that, or choose another executable with --bin',
  })
}
