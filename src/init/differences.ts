import { isTable, type Setting, type TomlValue } from './settings.ts'

/**
 * What a project's files say and its xbuild.toml does not: settings with the items that are missing. A key that has another
 * value was changed by a person, who knows.
 */
export async function missingSettings(settings: readonly Setting[], text: string): Promise<Setting[]> {
  const { default: toml } = await import('toml')
  // As it was written: a default is what nobody has chosen.
  const config = toml.parse(text) as Tables
  return settings.flatMap(setting => {
    const value = missing(setting.value, valuesOf(setting, config))
    return value === undefined ? [] : [{ ...setting, value }]
  })
}

type Tables = Readonly<Record<string, unknown>>

/** What the table has under the key; a key of `[image]` may also be set for one image. */
function valuesOf({ table, key }: Setting, config: Tables): unknown[] {
  const own = table === '' ? config : config[table]
  const places = table === 'image' ? [own, ...Object.values(config['images'] ?? {})] : [own]
  return places.flatMap(place => {
    const value = (place as Tables | undefined)?.[key]
    return value === undefined ? [] : [value]
  })
}

function missing(wanted: TomlValue, has: readonly unknown[]): TomlValue | undefined {
  if (Array.isArray(wanted)) {
    const items = new Set(has.flat().map(item => JSON.stringify(item)))
    const lacking = wanted.filter(item => !items.has(JSON.stringify(item)))
    return lacking.length > 0 ? lacking : undefined
  }
  if (isTable(wanted)) {
    const keys = new Set(has.flatMap(value => Object.keys(value ?? {})))
    const lacking = Object.entries(wanted).filter(([key]) => !keys.has(key))
    return lacking.length > 0 ? Object.fromEntries(lacking) : undefined
  }
  return has.length > 0 ? undefined : wanted
}
