import type { RustOptions } from './options.ts'

/** A package's features: by name, what each switches on (Cargo book, "Features"). */
export type FeatureTable = Readonly<Record<string, readonly string[]>>

/** The features of a package that are on with these options, those that follow from others included. */
export function enabledFeatures(
  packageName: string,
  features: FeatureTable,
  options: RustOptions,
): ReadonlySet<string> {
  const asked = options.features
    .flatMap(text => text.split(/[\s,]+/))
    .map(name => (name.startsWith(`${packageName}/`) ? name.slice(packageName.length + 1) : name))
  const queue = options.allFeatures
    ? Object.keys(features)
    : [...(options.defaultFeatures ? ['default'] : []), ...asked]
  const enabled = new Set<string>()
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const implied = features[name]
    if (enabled.has(name) || implied === undefined) continue
    enabled.add(name)
    // `dep:x` and `x/y` are features of other packages.
    queue.push(...implied.filter(item => !/[:/]/.test(item)))
  }
  return enabled
}

/** The arguments that select features, of `cargo build` and `cargo tree` alike. */
export function featureArgs({ features, allFeatures, defaultFeatures }: RustOptions): string[] {
  return [
    ...(features.length > 0 ? ['--features', features.join(',')] : []),
    ...(allFeatures ? ['--all-features'] : []),
    ...(defaultFeatures ? [] : ['--no-default-features']),
  ]
}
