import { imageOptions } from '../config/image-options.ts'
import { parseConfig } from '../config/load.ts'
import { isFailure } from '../errors.ts'
import { isLocalBase } from '../oci/local-base.ts'
import { parseReference } from '../oci/reference.ts'
import { parsePlatforms } from '../platforms.ts'
import type { Entry } from './adopt/ledger.ts'
import type { Setting } from './settings.ts'
import { nameOf, tomlText } from './write/toml.ts'

/** Leaves out the settings that xbuild itself would refuse, and says so where they come from. */
export async function keepUsable(
  settings: readonly Setting[],
  entries: readonly Entry[],
  dir: string,
): Promise<{ settings: Setting[]; entries: Entry[] }> {
  const kept: Setting[] = []
  const problems = new Map<string, string>()
  for (const setting of settings) {
    const problem = await problemOf(setting, dir)
    if (problem === undefined) kept.push(setting)
    else problems.set(`${setting.from} ${nameOf(setting.table, setting.key)}`, problem)
  }
  const checked = entries.map((entry): Entry => {
    const name = entry.says.replace(/^\[(\w+)\] ([\w-]+)[\s\S]*$/, '$1.$2')
    const problem = problems.get(`${entry.file}:${entry.line} ${name}`)
    return problem === undefined || entry.outcome !== 'moved'
      ? entry
      : { ...entry, outcome: 'left', says: problem }
  })
  return { settings: kept, entries: checked }
}

async function problemOf(setting: Setting, dir: string): Promise<string | undefined> {
  try {
    const config = await parseConfig(tomlText([setting]), 'xbuild.toml')
    imageOptions(config.image, dir, {})
    if (config.platforms) parsePlatforms(config.platforms)
    const { base } = config.image
    if (base !== undefined && base !== 'scratch' && !isLocalBase(base)) parseReference(base)
    return undefined
  } catch (error) {
    if (isFailure(error)) return error.why ?? error.what
    throw error
  }
}
