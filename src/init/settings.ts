/** A value of xbuild.toml. */
export type TomlValue =
  | string
  | number
  | boolean
  | readonly TomlValue[]
  | { readonly [key: string]: TomlValue }

/** The tables that init writes; `''` is the top of the file. */
export const tables = ['', 'image', 'go', 'rust', 'zig'] as const
export type Table = (typeof tables)[number]

/** One key of xbuild.toml that differs from its default. */
export interface Setting {
  readonly table: Table
  readonly key: string
  readonly value: TomlValue
  /** Where it comes from, `Dockerfile:12`. */
  readonly from: string
}

/** The settings with one for each key: the first that says one, with the items of the later ones that a list or a table lacks. */
export function mergeSettings(settings: readonly Setting[]): Setting[] {
  const merged = new Map<string, Setting>()
  for (const setting of settings) {
    const name = `${setting.table}.${setting.key}`
    const before = merged.get(name)
    merged.set(name, before ? { ...before, value: join(before.value, setting.value) } : setting)
  }
  return [...merged.values()]
}

function join(first: TomlValue, second: TomlValue): TomlValue {
  if (Array.isArray(first) && Array.isArray(second)) {
    const has = new Set(first.map(item => JSON.stringify(item)))
    return [...first, ...second.filter(item => !has.has(JSON.stringify(item)))]
  }
  if (isTable(first) && isTable(second)) return { ...first, ...second, ...first }
  return first
}

/** Whether a value is a table, rather than a list or a single value. */
export function isTable(value: TomlValue): value is { readonly [key: string]: TomlValue } {
  return typeof value === 'object' && !Array.isArray(value)
}
