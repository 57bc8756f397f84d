import { isTable, type Setting, type TomlValue } from '../settings.ts'

/** Keys whose first word is a program. */
const programs = new Set(['entrypoint', 'args'])

/**
 * The settings with /usr/bin in the place of /bin: in distroless, /bin, /sbin and /lib are links, which a file below them
 * would replace. A base of the project's own stays as it is.
 */
export function onMergedUsr(settings: readonly Setting[]): Setting[] {
  if (settings.some(({ table, key }) => table === 'image' && key === 'base')) return [...settings]
  return settings.map(setting => {
    if (setting.table !== 'image') return setting
    return { ...setting, value: moved(setting.key, setting.value) }
  })
}

function moved(key: string, value: TomlValue): TomlValue {
  if (key === 'program' && typeof value === 'string') return merged(value)
  if (programs.has(key) && Array.isArray(value))
    return value.map((word, at) => (at === 0 ? merged(word) : word))
  if (key === 'healthcheck' && isTable(value))
    return { ...value, ...(value['test'] && { test: moved('args', value['test']) }) }
  if (key === 'files' && Array.isArray(value))
    return value.map(file => (isTable(file) ? { ...file, to: merged(file['to'] as string) } : file))
  return value
}

function merged<T extends TomlValue>(path: T): T | string {
  return typeof path === 'string' ? path.replace(/^\/(bin|sbin|lib)(?=\/)/, '/usr/$1') : path
}
