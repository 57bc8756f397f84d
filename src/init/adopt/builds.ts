import type { Table, TomlValue } from '../settings.ts'
import type { Ledger } from './ledger.ts'
import { nameOf, type StageBuild, type StageFacts } from './programs.ts'
import type { ProjectFacts } from './project.ts'

const toolOf = { go: 'go', rust: 'cargo', zig: 'zig' } as const

/**
 * The compiling commands of the stages become the table of the language, and `bins`.
 * @param program the name of the program that the image runs, where several are compiled
 */
export function adoptBuilds(
  stages: readonly StageFacts[],
  program: string | undefined,
  project: ProjectFacts,
  ledger: Ledger,
): void {
  const table: Table = project.language
  const makes = ({ build, bins }: StageBuild) =>
    nameOf(build.output ?? '') === program || bins.some(bin => nameOf(bin) === program)
  const builds = stages.flatMap(stage => stage.builds)
  const isNamed = builds.some(makes)
  const hasPrograms = ledger.settings.some(({ key }) => key === 'programs')
  for (const one of builds) {
    const { run, build, bins } = one
    const { by, command } = run
    if (!command.tool.startsWith(toolOf[project.language])) {
      ledger.left(by, `${command.tool} compiles something else: build it on its own`)
      continue
    }
    const makesOther = isNamed && !hasPrograms && !makes(one) && bins.some(bin => bin !== '.')
    if (makesOther) {
      ledger.left(
        by,
        `it compiles ${bins.join(', ')}, which the image does not run: [images.NAME] makes an image of it`,
      )
      continue
    }
    for (const [key, value] of Object.entries(build.settings)) {
      const setting = withoutDefaults(key, value, project)
      if (setting !== undefined && !(Array.isArray(setting) && setting.length === 0))
        ledger.set(by, table, key, setting)
    }
    const own =
      hasPrograms || (isNamed && !makes(one))
        ? []
        : bins.length > 1 && isNamed
          ? bins.filter(bin => nameOf(bin) === program)
          : bins
    const chosen = own.filter(bin => bin !== '' && !isMain(bin, project))
    const there = chosen.filter(bin => isThere(bin, project))
    if (there.length > 0) ledger.set(by, '', 'bins', there)
    if (there.length < chosen.length)
      ledger.left(by, `the project has no program ${chosen.filter(bin => !there.includes(bin)).join(', ')}`)
    for (const text of build.covered) ledger.covered(by, text)
    for (const text of build.left) ledger.left(by, text)
    if (!ledger.has(by)) ledger.covered(by, 'xbuild compiles')
  }
}

/** Variables of package main that xbuild stamps by itself (languages/go/stamps.ts). */
const stamped: Readonly<Record<string, string>> = {
  'main.version': '{version}',
  'main.commit': '{commit}',
  'main.date': '{date}',
}

/** The value without what xbuild does by itself; undefined where nothing is left of it. */
export function withoutDefaults(key: string, value: TomlValue, project: ProjectFacts): TomlValue | undefined {
  if (key === 'cgo') return value === false && project.compilesC ? false : undefined
  if (key === 'locked') return value
  if (key !== 'vars') return value
  const vars = Object.entries(value as Record<string, string>).filter(
    ([name, text]) => stamped[name] !== text,
  )
  return vars.length > 0 ? Object.fromEntries(vars) : undefined
}

/** Where the toolchain could not list the programs, a name is taken as it is. */
function isThere(bin: string, { executables }: ProjectFacts): boolean {
  return (
    executables.length === 0 ||
    executables.some(one => [one.package, one.name].includes(bin) || one.aliases?.includes(bin))
  )
}

function isMain(bin: string, { main }: ProjectFacts): boolean {
  return main === undefined ? bin === '.' : [main.package, main.name, ...(main.aliases ?? [])].includes(bin)
}
