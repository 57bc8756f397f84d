import { keyDocs } from '../../config/key-docs.ts'
import { isTable, type Setting, type Table, type TomlValue, tables } from '../settings.ts'

/** Where the JSON Schema of xbuild.toml is put, for editors, relative to the project. */
export const schemaFile = '.xbuild/schema.json'

const head = [
  `#:schema ./${schemaFile}`,
  '# How xbuild makes the image of this project. Only what differs from the defaults is here; xbuild plan shows all of it.',
]

const nothing = [
  '',
  '# Nothing differs from the defaults. Remove a # to change one:',
  '# platforms = ["linux/amd64", "linux/arm64"]',
  '',
  '# [image]',
  '# ports = [8080]',
]

/** The text of an xbuild.toml with these settings, each with what it is for and where it comes from. */
export function tomlText(settings: readonly Setting[]): string {
  const lines = [...head]
  for (const table of tables) {
    const own = settings.filter(setting => setting.table === table)
    if (own.length === 0) continue
    if (table !== '') lines.push('', `[${table}]`)
    else lines.push('')
    // A table of its own ends the one above it.
    const [large, small] = partition(own, ({ value }) => isLarge(value))
    for (const setting of small) lines.push(comment(setting), `${setting.key} = ${tomlValue(setting.value)}`)
    for (const setting of large) lines.push('', comment(setting), ...subTable(setting))
  }
  if (settings.length === 0) lines.push(...nothing)
  return `${lines.join('\n')}\n`
}

function comment({ table, key, from }: Setting): string {
  return `# ${keyDocs[nameOf(table, key)]?.text ?? ''} (${from})`
}

/** The dotted name of a key. */
export function nameOf(table: Table, key: string): string {
  return table === '' ? key : `${table}.${key}`
}

const isLarge = (value: TomlValue) => isTable(value) && tomlValue(value).length > 90

function subTable({ table, key, value }: Setting): string[] {
  const entries = Object.entries(value as { readonly [key: string]: TomlValue })
  return [
    `[${nameOf(table, key)}]`,
    ...entries.map(([name, item]) => `${tomlKey(name)} = ${tomlValue(item)}`),
  ]
}

/** A value in TOML 1.0: inline tables are on one line, lists of them have a line each. */
export function tomlValue(value: TomlValue): string {
  if (typeof value === 'string') return tomlString(value)
  if (typeof value !== 'object') return String(value)
  if (isTable(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  const items = value.map(tomlValue)
  return value.some(isTable) && items.length > 1
    ? `[\n${items.map(item => `  ${item},\n`).join('')}]`
    : `[${items.join(', ')}]`
}

const tomlKey = (key: string) => (/^[\w-]+$/.test(key) ? key : tomlString(key))

/** JSON's escapes are TOML's; DEL has to be escaped as well. */
const tomlString = (text: string) => JSON.stringify(text).replaceAll('\u007f', '\\u007f')

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter(item => !isFirst(item))]
}
