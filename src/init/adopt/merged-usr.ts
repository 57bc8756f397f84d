import { type LinkedFolders, linkedFolders, withoutLinks } from '../../base/distributions.ts'
import { distrolessBase, knownBase } from '../../base/known.ts'
import { isTable, type Setting, type TomlValue } from '../settings.ts'
import { isOfDistribution } from './program-words.ts'

/** Keys whose first word is a program. */
const programs = new Set(['entrypoint', 'args'])

/**
 * The settings with /usr/bin in the place of /bin, where the base has links there, which a file below them would replace.
 * The programs of the base itself, such as /bin/sh, keep their names.
 */
export function onMergedUsr(settings: readonly Setting[]): Setting[] {
  const kept = settings.find(({ table, key }) => table === 'image' && key === 'base')?.value
  const base = typeof kept === 'string' ? knownBase(kept) : distrolessBase('static')
  const linked = linkedFolders(base)
  const program = (word: TomlValue) =>
    kept !== undefined && isOfDistribution([String(word)]) ? word : moved(word, linked)
  return settings.map(setting =>
    setting.table === 'image' ? { ...setting, value: inPlace(setting.key, setting.value) } : setting,
  )

  function inPlace(key: string, value: TomlValue): TomlValue {
    if (key === 'program') return moved(value, linked)
    if (programs.has(key) && Array.isArray(value))
      return value.map((word, at) => (at === 0 ? program(word) : word))
    if (key === 'healthcheck' && isTable(value))
      return { ...value, ...(value['test'] && { test: inPlace('args', value['test']) }) }
    if (key === 'files') return withKey('to', value)
    return key === 'folders' ? withKey('path', value) : value
  }

  function withKey(key: string, value: TomlValue): TomlValue {
    if (!Array.isArray(value)) return value
    return value.map(item =>
      isTable(item) && item[key] ? { ...item, [key]: moved(item[key], linked) } : moved(item, linked),
    )
  }
}

function moved(path: TomlValue, linked: LinkedFolders): TomlValue {
  return typeof path === 'string' ? withoutLinks(path, linked) : path
}
