import { basename, relative } from 'node:path'
import type { Platform } from '../../platforms.ts'
import type { Executable, InspectContext } from '../language.ts'
import { mainExecutable } from '../main-executable.ts'
import { type Listing, listPackages, onlyProjectFailures } from './list.ts'
import type { ListedPackage } from './listed-package.ts'
import { releasedProgram } from './released.ts'

/** The packages of a project, by architecture. */
export interface ListedPrograms {
  /** What the patterns name. */
  readonly shallow: readonly (readonly ListedPackage[])[]
  /** The wanted programs and what they import. */
  readonly listings: readonly (readonly ListedPackage[])[]
  readonly mains: readonly ListedPackage[]
  /** The program that the project releases, where it says so. */
  readonly released: string | undefined
}

/**
 * Lists the programs of a project and what the wanted ones import, which Go downloads where it has to; nothing more.
 * @throws {Failure} as runGo.
 */
export async function listPrograms(
  dir: string,
  architectures: readonly Platform[],
  listing: Omit<Listing, 'platform' | 'deep' | 'offline'>,
  context: InspectContext,
): Promise<ListedPrograms> {
  const released = context.wanted?.length === 0 ? await releasedProgram(dir) : undefined
  const list = (patternsOf: (index: number) => readonly string[], more: Pick<Listing, 'deep' | 'offline'>) =>
    Promise.all(
      architectures.map((platform, index) => {
        const here = patternsOf(index)
        return here.length === 0
          ? []
          : listPackages(dir, { ...listing, ...more, platform, patterns: here }, context)
      }),
    )
  // One listing tells everything where all that the programs import is on this machine, as it is for most builds.
  const cached = await list(() => listing.patterns, { deep: true, offline: true }).catch(onlyProjectFailures)
  const isCached = hasAllImports(cached, wantedMains(dir, mainsOf(cached), context, released), dir)
  const shallow = isCached
    ? cached.map(listed => listed.filter(item => !item.dependency))
    : await list(() => listing.patterns, { deep: false })
  const mains = mainsOf(shallow)
  const wanted = wantedMains(dir, mains, context, released)
  const wantedHere = (listed: readonly ListedPackage[] = []) =>
    listed.filter(item => isProgram(item) && wanted.has(packageOf(item, dir)))
  const listings = isCached
    ? cached.map(listed => withImports(listed, wantedHere(listed)))
    : await list(index => wantedHere(shallow[index]).map(item => packageOf(item, dir)), { deep: true })
  return { shallow, listings, mains, released }
}

const mainsOf = (listings: readonly (readonly ListedPackage[])[]) => listings.flat().filter(isProgram)

/** Whether every program that is wanted was listed with all that it imports. */
function hasAllImports(
  listings: readonly (readonly ListedPackage[])[],
  wanted: ReadonlySet<string>,
  root: string,
): boolean {
  const found = listings.flatMap(listed => {
    const byPath = new Map(listed.map(item => [item.path, item]))
    return listed
      .filter(item => isProgram(item) && wanted.has(packageOf(item, root)))
      .map(main => [main.path, ...main.deps].every(path => byPath.get(path)?.error === ''))
  })
  return found.length > 0 && found.every(Boolean)
}

/** These programs and what they import. */
function withImports(listed: readonly ListedPackage[], mains: readonly ListedPackage[]): ListedPackage[] {
  const paths = new Set(mains.flatMap(main => [main.path, ...main.deps]))
  return listed.filter(item => paths.has(item.path))
}

/** A program that can be built: a folder of tests alone is none. */
export const isProgram = (item: ListedPackage) =>
  item.name === 'main' && !item.dependency && item.files.length > 0

/** `./cmd/app` for `cmd/app`, as --bin may say it. */
export const local = (text: string) => (text === './' ? '.' : `./${text.replace(/^\.\/|\/$/g, '')}`)

/** Whether --bin names this program so. */
export function matches(main: ListedPackage, wanted: string, root: string): boolean {
  const path = packageOf(main, root)
  return [main.path, path, goBinaryName(main.path, main.dir)].includes(wanted) || local(wanted) === path
}

/**
 * The programs whose imports are read, for Go downloads them: those asked for, or the one that is meant where none is. None
 * where neither is known: choosing ends with the list of programs then.
 */
function wantedMains(
  root: string,
  mains: readonly ListedPackage[],
  { wanted }: InspectContext,
  released: string | undefined,
): Set<string> {
  if (wanted === undefined) return new Set(mains.map(item => packageOf(item, root)))
  const asked = mains.filter(item => wanted.some(name => matches(item, name, root)))
  if (wanted.length > 0) return new Set(asked.map(item => packageOf(item, root)))
  const programs = new Map(mains.map(item => [packageOf(item, root), executable(item, new Map(), root)]))
  const meant = mainExecutable({
    ...projectName(mains, root),
    root,
    executables: [...programs.values()],
    ...(released && { defaultExecutable: released }),
  })
  return new Set(meant ? [meant.package] : [])
}

/** What the project is called: the last element of its module's path, as for a binary. */
export function projectName(mains: readonly ListedPackage[], root: string): { name?: string } {
  const main = mains.find(item => item.moduleDir === root)
  return main ? { name: goBinaryName(main.modulePath, root) } : {}
}

/**
 * The name `go build` gives the binary: the last element of the import path that is no major version suffix, of which v0 and
 * v1 are none (cmd/go's isVersionElement).
 */
export function goBinaryName(importPath: string, dir: string): string {
  const elements = importPath.split('/').filter(element => element !== '.')
  const last = elements.pop() ?? ''
  const name = /^v(?:[2-9]|[1-9]\d+)$/.test(last) && elements.length > 0 ? elements.pop() : last
  return name && !importPath.startsWith('_/') ? name : basename(dir)
}

/** How a program is named for go, in the project's folder. */
export function packageOf({ dir, path }: ListedPackage, root: string): string {
  const folder = relative(root, dir)
  return folder === '' ? '.' : folder.startsWith('..') ? path : `./${folder}`
}

/** A program as --bin and an image know it; `byPath` has what is known of its imports. */
export function executable(
  main: ListedPackage,
  byPath: ReadonlyMap<string, ListedPackage>,
  root: string,
): Executable {
  const problem = [main.path, ...main.deps].map(path => byPath.get(path)?.error).find(Boolean) || main.error
  return {
    name: goBinaryName(main.path, main.dir),
    package: packageOf(main, root),
    ...(main.path !== packageOf(main, root) && { aliases: [main.path] }),
    ...(main.moduleDir && main.moduleDir !== root && { versionFolder: main.moduleDir }),
    ...(problem && { problem }),
  }
}
