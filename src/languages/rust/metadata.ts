import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../errors.ts'
import { closestMatch } from '../../util/closest-match.ts'
import type { Executable } from '../language.ts'
import { enabledFeatures, type FeatureTable } from './features.ts'
import type { RustOptions } from './options.ts'

/** What `cargo metadata --format-version 1 --no-deps` prints, as far as it is used. */
export interface CargoMetadata {
  readonly packages: readonly CargoPackage[]
  readonly workspace_members: readonly string[]
  /** Since cargo 1.71. */
  readonly workspace_default_members?: readonly string[]
  readonly workspace_root: string
  readonly target_directory: string
}

/** A dependency as a manifest names it. */
export interface CargoDependency {
  readonly name: string
  /** null for a normal one. */
  readonly kind: 'build' | 'dev' | null
  readonly optional: boolean
  /** Of the dependency, that the manifest switches on. */
  readonly features: readonly string[]
}

export interface CargoPackage {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly manifest_path: string
  readonly default_run?: string | null
  readonly features: FeatureTable
  readonly dependencies?: readonly CargoDependency[]
  readonly targets: readonly {
    readonly name: string
    readonly kind: readonly string[]
    readonly 'required-features'?: readonly string[]
  }[]
}

/**
 * The packages that `cargo build` in this folder would build, or the one that `[rust] package` names; where none of
 * those has a program, all of the workspace.
 * @throws {Failure} usage, when there is no package of that name.
 */
export function choosePackages(
  metadata: CargoMetadata,
  dir: string,
  chosen: string | undefined,
): readonly CargoPackage[] {
  const members = metadata.packages.filter(({ id }) => metadata.workspace_members.includes(id))
  if (chosen !== undefined) {
    const found = members.filter(({ name }) => name === chosen)
    if (found.length > 0) return found
    const names = members.map(({ name }) => name)
    const suggestion = closestMatch(chosen, names)
    throw new Failure({
      kind: 'usage',
      what: `There is no package ${JSON.stringify(chosen)} in the workspace${suggestion ? `; did you mean ${suggestion}?` : ''}`,
      where: '[rust] package in xbuild.toml',
      key: ['rust', 'package'],
      why: `it has ${names.join(', ')}`,
      fix: `package = "${suggestion ?? names[0]}"`,
    })
  }
  const here = members.filter(({ manifest_path }) => samePath(dirname(manifest_path), dir))
  const defaults = metadata.workspace_default_members ?? metadata.workspace_members
  const selected =
    here.length > 0 && !samePath(metadata.workspace_root, dir)
      ? here
      : members.filter(({ id }) => defaults.includes(id))
  return selected.some(hasProgram) ? selected : members
}

const hasProgram = ({ targets }: CargoPackage) => targets.some(({ kind }) => kind.includes('bin'))

function samePath(a: string, b: string): boolean {
  const real = (path: string) => {
    try {
      return realpathSync(path)
    } catch {
      return path
    }
  }
  return real(a) === real(b)
}

/**
 * The programs of a package. One whose `required-features` are not on is kept, with what is wrong with it: cargo leaves
 * it out without a word.
 */
export function listExecutables(item: CargoPackage, options: RustOptions): Executable[] {
  const enabled = enabledFeatures(item.name, item.features, options)
  const programs = item.targets.filter(({ kind }) => kind.includes('bin'))
  return programs.map(target => {
    // `x/y` is a feature of a dependency, which only cargo can tell.
    const own = (target['required-features'] ?? []).filter(name => !name.includes('/'))
    const lacking = own.filter(name => !enabled.has(name))
    return {
      name: target.name,
      package: `${item.name}/${target.name}`,
      // The package's name says enough where it has one program.
      ...(programs.length === 1 && item.name !== target.name && { aliases: [item.name] }),
      ...(lacking.length > 0 && {
        problem: `it requires the features ${lacking.join(', ')}: [rust] features = ${JSON.stringify(lacking)}`,
      }),
    }
  })
}

/** The name of the package that an executable belongs to. */
export function packageOf(executable: Executable): string {
  return executable.package.slice(0, executable.package.lastIndexOf('/'))
}

/**
 * The package as cargo's `-p` takes it, told apart from a dependency of the same name: its id, which is such a
 * specification since cargo 1.77; before that, `NAME VERSION (path+URL)` (Cargo book, "Package ID Specifications"). It
 * always has the name, which cargo leaves out where the folder has it too: on a builder the folder is another one.
 */
export function packageSpec({ id, name }: Pick<CargoPackage, 'id' | 'name'>): string {
  const [, , version, url] = /^(\S+) (\S+) \(path\+(.+)\)$/.exec(id) ?? []
  return url === undefined ? id.replace(/#(?=[^@]*$)/, `#${name}@`) : `${url}#${name}:${version}`
}

/**
 * Makes sure that cargo builds no more than the chosen programs: it takes a --bin for each package that is named, so two
 * packages that both have a program of that name would write to one path.
 * @throws {Failure} usage, with the calls that build them one after the other.
 */
export function checkBinNames(executables: readonly Executable[], chosen: readonly Executable[]): void {
  const packages = new Set(chosen.map(packageOf))
  const taken = new Set(chosen.map(item => item.package))
  for (const other of executables) {
    const meant = chosen.find(({ name }) => name === other.name)
    if (!meant || taken.has(other.package) || !packages.has(packageOf(other))) continue
    const rest = chosen.filter(item => item !== meant).map(item => `--bin ${item.package}`)
    throw new Failure({
      kind: 'usage',
      what: `The package ${packageOf(other)} has a program called ${other.name}, too`,
      where: `${meant.package}, ${other.package}`,
      why: 'one call of cargo for both packages builds both programs, and one overwrites the other',
      fix: `build them one after the other: --bin ${meant.package}, then ${rest.join(' ')}`,
    })
  }
}
