import type { Config } from './schema.ts'

/**
 * The language tables with the caches of `[cache] go` and `rust`, as variables that every command of the toolchain gets. A
 * variable of the environment, or of `[go] env` and `[rust] env`, goes first.
 */
export function withCompileCaches(config: Config, env: NodeJS.ProcessEnv): Config {
  const { go, rust, cache } = config
  return {
    ...config,
    go: { ...go, env: withDefault(go.env, 'GOCACHEPROG', cache.go, env) },
    rust: {
      ...rust,
      env: isWrapped(env, rust.env)
        ? { ...rust.env }
        : withDefault(rust.env, 'RUSTC_WRAPPER', cache.rust, env),
    },
  }
}

/** Cargo's own setting as a variable, over which RUSTC_WRAPPER would go. */
function isWrapped(...places: readonly Readonly<Record<string, string | undefined>>[]): boolean {
  return places.some(place => place['CARGO_BUILD_RUSTC_WRAPPER'] !== undefined)
}

function withDefault(
  own: Readonly<Record<string, string>>,
  name: string,
  value: string | undefined,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  if (value === undefined || env[name] !== undefined || own[name] !== undefined) return { ...own }
  return { ...own, [name]: value }
}
