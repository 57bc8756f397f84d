import type { SourceInfo } from '../../types.ts'
import { closestMatch } from '../../util/closest-match.ts'
import { isoDate } from '../../util/placeholders.ts'
import type { Executable } from '../language.ts'
import type { Settable } from './declarations.ts'
import type { Assignment } from './ldflags.ts'

/** What one package declares on one architecture. */
export interface PackageVariables {
  readonly arch: string
  /** Its import path. */
  readonly path: string
  /** The `package` of the executable, where it is a program. */
  readonly program?: string
  readonly variables: ReadonlyMap<string, Settable>
}

/**
 * `main.version`, `main.commit` and `main.date`, the names that GoReleaser made customary, and the same with a capital
 * letter, where the program declares them as what -X can set on this architecture and gives them no value that means
 * something. The date is the commit's, so that a build can be repeated.
 */
export function stampsFor(
  executable: Executable,
  arch: string,
  known: readonly PackageVariables[],
  { version, revision, epoch }: SourceInfo,
): Assignment[] {
  const declared = known.find(item => item.program === executable.package && item.arch === arch)?.variables
  const values = { version, commit: revision, date: isoDate(epoch) }
  return Object.entries(values).flatMap(([name, value]) =>
    [name, `${name.charAt(0).toUpperCase()}${name.slice(1)}`].flatMap(variable =>
      value && declared?.get(variable) === 'yes' ? [{ package: 'main', variable, value }] : [],
    ),
  )
}

/** One line on what was stamped, for whoever wonders where a program has its version from. */
export function describeStamps(stamps: ReadonlyMap<Executable, readonly Assignment[]>): string[] {
  const lines = new Map<string, string[]>()
  for (const [{ name }, assignments] of stamps) {
    const text = assignments.map(item => `${item.package}.${item.variable}=${item.value}`).join(', ')
    if (text) lines.set(text, [...(lines.get(text) ?? []), name])
  }
  return [...lines].map(
    ([text, names]) => `Stamped${names.length < stamps.size ? ` into ${names.join(', ')}` : ''}: ${text}`,
  )
}

/** What keeps -X from setting a variable. */
const obstacles: Readonly<Record<Exclude<Settable, 'yes' | 'on request' | 'unknown'>, string>> = {
  constant: 'is a constant',
  'not a string': 'is no string variable with a constant value',
  'set at start': 'is set by an expression when the program starts',
  embedded: 'is filled by go:embed',
}

/** A warning for each -X of the user's that sets nothing: the linker says nothing of it. */
export function missedAssignments(
  assignments: readonly Assignment[],
  executables: readonly Executable[],
  known: readonly PackageVariables[],
): string[] {
  if (known.length === 0) return []
  const chosen = new Set(executables.map(item => item.package))
  const mains = known.filter(item => item.program !== undefined && chosen.has(item.program))
  return [...new Set(assignments.flatMap(item => missed(item, mains, known)))]
}

function missed(
  { package: path, variable }: Assignment,
  mains: readonly PackageVariables[],
  known: readonly PackageVariables[],
): string[] {
  const name = `-X ${path}.${variable} sets nothing`
  const main = mains.find(item => item.path === path)
  if (main) return [`${name}: the linker knows the package of a program as main: -X main.${variable}`]
  const places = path === 'main' ? mains : known.filter(item => item.path === path)
  if (places.length === 0) return [`${name}: no package ${path} is linked into the program`]
  const found = places.flatMap(({ variables }) => variables.get(variable) ?? [])
  if (found.some(verdict => ['yes', 'on request', 'unknown'].includes(verdict))) return []
  const [verdict] = found as (keyof typeof obstacles)[]
  if (verdict) return [`${name}: ${variable} in package ${path} ${obstacles[verdict]}`]
  const others = places
    .flatMap(({ variables }) => [...variables])
    .filter(([, settable]) => settable === 'yes' || settable === 'on request')
  const suggestion = closestMatch(
    variable,
    others.map(([other]) => other),
  )
  return [
    `${name}: package ${path} has no variable ${variable}${suggestion ? `; did you mean ${path}.${suggestion}?` : ''}`,
  ]
}
