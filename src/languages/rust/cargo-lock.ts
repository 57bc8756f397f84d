/** One package of a Cargo.lock. */
export interface LockedPackage {
  readonly name: string
  readonly version: string
  /** Absent for packages of the workspace. */
  readonly source?: string
  /** As the file spells them: `name`, or `name version` where there are several. */
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

/** The packages that `roots` (names) need, they themselves included, directly or through others. */
export function lockedClosure(
  packages: readonly LockedPackage[],
  roots: readonly string[],
): readonly LockedPackage[] {
  const byName = groupByName(packages)
  const seen = new Set<LockedPackage>()
  const queue = roots.flatMap(name => byName.get(name) ?? [])
  for (let item = queue.pop(); item; item = queue.pop()) {
    if (seen.has(item)) continue
    seen.add(item)
    for (const dependency of item.dependencies) {
      const [name = '', version] = dependency.split(' ')
      queue.push(...(byName.get(name) ?? []).filter(other => !version || other.version === version))
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
