import type { ImageOptions } from '../config/image-options.ts'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import { chooseExecutables, otherChoices } from '../languages/choose.ts'
import type { Executable, Project } from '../languages/language.ts'
import { closestMatch } from '../util/closest-match.ts'

/** An image that was asked for, before its base is known. */
export interface WantedImage {
  readonly name: string
  /** The programs in it, the one that it runs first. */
  readonly executables: readonly Executable[]
  readonly image: ImageOptions
}

/** The executables that the options name, before the project is read. */
export function wantedNames({ bins, image, images }: Options): string[] {
  const named = Object.entries(images).flatMap(([name, table]) => programsOf(name, table))
  return [named, bins, image.programs].map(names => [...names]).find(names => names.length > 0) ?? []
}

function programsOf(name: string, { bin, programs }: ImageOptions): readonly string[] {
  return programs.length > 0 ? programs : [bin ?? name]
}

/**
 * The images of the build: one for each `[images.NAME]`, one for `[image] programs`, or one for each chosen executable.
 * @throws {Failure} usage or project, when what is asked for is neither.
 */
export function wantedImages(project: Project, options: Options): WantedImage[] {
  const all = describedImages(project, options)
  if (all.length === 0) {
    const bins = options.ofFile.includes('bins') ? { list: ['bins'] } : {}
    return choose(project, options.bins, bins).map(executable => ({
      name: executable.name,
      executables: [executable],
      image: options.image,
    }))
  }
  if (options.bins.length === 0) return all
  return options.bins.flatMap((bin, at) => {
    const named = all.filter(({ name, executables }) =>
      [name, ...executables.flatMap(item => [item.name, item.package])].includes(bin),
    )
    if (named.length > 0) return named
    const names = all.map(({ name }) => name)
    const suggestion = closestMatch(bin, names)
    throw new Failure({
      kind: 'usage',
      what: `There is no image ${JSON.stringify(bin)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
      where: '[image] programs or [images] of xbuild.toml',
      ...(options.ofFile.includes('bins') && { key: ['bins', at] }),
      why: `it has ${names.join(', ')}`,
      fix: `--bin ${suggestion ?? names[0]}`,
    })
  })
}

/** The images that xbuild.toml names with their programs. */
function describedImages(project: Project, { image, images }: Options): WantedImage[] {
  const tables = Object.entries(images)
  if (tables.length === 0 && image.programs.length > 0) {
    const executables = choose(project, image.programs, { list: ['image', 'programs'] })
    return [{ name: (executables[0] as Executable).name, executables, image }]
  }
  return tables.map(([name, table]) => ({
    name,
    image: table,
    executables: choose(
      project,
      programsOf(name, table),
      table.programs.length > 0
        ? { list: ['images', name, 'programs'] }
        : { key: table.bin === undefined ? ['images', name] : ['images', name, 'bin'] },
    ),
  }))
}

/** The executables that a key of xbuild.toml names, a text or a list of them; without either, a flag does. */
function choose(
  project: Project,
  names: readonly string[],
  { key, list }: { readonly key?: readonly string[]; readonly list?: readonly string[] },
): readonly Executable[] {
  try {
    return chooseExecutables(project, names)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    // That there is none at all is not the fault of who names one.
    if (key === undefined && (list === undefined || error.key === undefined))
      throw error.with({ key: undefined })
    throw error.with({ key: key ?? [...(list ?? []), ...(error.key ?? [])], where: undefined })
  }
}

/** Says which executable was chosen where nobody named one. */
export function choiceRemark(
  project: Project,
  options: Options,
  executables: readonly Executable[],
): string[] {
  const [chosen] = executables
  if (!chosen || wantedNames(options).length > 0) return []
  const others = otherChoices(project, chosen)
  if (others.length === 0) return []
  const shown = others.length > 4 ? [...others.slice(0, 3), `${others.length - 3} more`] : others
  return [`building ${chosen.name}; the project also has ${shown.join(', ')}`]
}

/**
 * One toolchain call writes all programs of a platform into one folder, so two of one name would overwrite each other.
 * @throws {Failure} usage
 */
export function checkDistinct(executables: readonly Executable[]): void {
  for (const [index, { name, package: first }] of executables.entries()) {
    const other = executables.slice(index + 1).find(item => item.name === name)
    if (!other) continue
    throw new Failure({
      kind: 'usage',
      what: `Two of the chosen executables are called ${name}`,
      where: `${first}, ${other.package}`,
      why: 'their binaries would overwrite each other',
      fix: `build them one after the other: --bin ${first}, then --bin ${other.package}`,
    })
  }
}
