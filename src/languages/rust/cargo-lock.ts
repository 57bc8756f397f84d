/** One package of a Cargo.lock. */
export interface LockedPackage {
  readonly name: string
  readonly version: string
  /** Absent for packages of the workspace. */
  readonly source?: string
  /** As the file spells them: `name`, `name version` where there are several, with the source where that tells them apart. */
  readonly dependencies: readonly string[]
}

/**
 * Reads a Cargo.lock. Cargo writes it in one form only, one key per line, so no TOML parser is needed: a large one has
 * ten thousand lines.
 */
export function parseCargoLock(text: string): LockedPackage[] {
  return text
    .split(/^\[\[package\]\]$/m)
    .slice(1)
    .map(block => {
      const key = (name: string) => new RegExp(`^${name} = "([^"]*)"`, 'm').exec(block)?.[1]
      const list = /^dependencies = \[([^\]]*)\]/m.exec(block)?.[1] ?? ''
      const source = key('source')
      return {
        name: key('name') ?? '',
        version: key('version') ?? '',
        ...(source !== undefined && { source }),
        dependencies: [...list.matchAll(/"([^"]*)"/g)].map(match => match[1] ?? ''),
      }
    })
}

/** A package of the workspace. A dependency may have the same name, with another version or from a registry. */
export interface Member {
  readonly name: string
  readonly version: string
}

/** A member, and the dependencies that its Cargo.toml names, of every kind. */
interface DeclaringMember extends Member {
  readonly dependencies?: readonly { readonly name: string }[]
}

/** Whether the lock file lacks a member, or a dependency that one has by now: the next build writes it anew. */
export function isOutOfDate(
  packages: readonly LockedPackage[],
  members: readonly DeclaringMember[],
): boolean {
  return members.some(({ name, dependencies = [] }) => {
    if (dependencies.length === 0) return false
    const locked = packages.filter(item => item.name === name && item.source === undefined)
    const names = new Set(locked.flatMap(item => item.dependencies.map(text => text.split(' ')[0])))
    return dependencies.some(item => !names.has(item.name))
  })
}

/** The packages that `roots` need, they themselves included, directly or through others. */
export function lockedClosure(
  packages: readonly LockedPackage[],
  roots: readonly Member[],
): readonly LockedPackage[] {
  const byName = groupByName(packages)
  const seen = new Set<LockedPackage>()
  const queue = roots.flatMap(({ name, version }) => {
    const own = (byName.get(name) ?? []).filter(item => item.source === undefined)
    const same = own.filter(item => item.version === version)
    // A lock file may still have the version before this one.
    return same.length > 0 ? same : own
  })
  for (let item = queue.pop(); item; item = queue.pop()) {
    if (seen.has(item)) continue
    seen.add(item)
    for (const dependency of item.dependencies) {
      const [name = '', version, source] = dependency.split(' ')
      queue.push(
        ...(byName.get(name) ?? []).filter(
          other =>
            (!version || other.version === version) &&
            (!source || source === `(${other.source?.split('#')[0]})`),
        ),
      )
    }
  }
  return [...seen]
}

function groupByName(packages: readonly LockedPackage[]): ReadonlyMap<string, readonly LockedPackage[]> {
  const groups = new Map<string, LockedPackage[]>()
  for (const item of packages) {
    const group = groups.get(item.name)
    if (group) group.push(item)
    else groups.set(item.name, [item])
  }
  return groups
}
