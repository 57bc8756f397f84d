import { Failure } from '../../errors.ts'
import { platforms as allPlatforms, type Platform } from '../../platforms.ts'
import { describeSetting, type GoSetting, type GoSettings, unset } from './settings.ts'

/**
 * Compares the variables of the user that choose a target with the platforms asked for.
 * @returns what a person should know of those that do not count
 * @throws {Failure} usage, when one of them contradicts a platform (GOAMD64=v3 and linux/amd64): an image's platform
 * promises on which machines it runs.
 */
export function checkTarget(settings: GoSettings, platforms: readonly Platform[]): string[] {
  const levels = [...new Set(platforms.flatMap(({ go }) => Object.keys(go)))].filter(
    name => name !== 'GOARCH',
  )
  return [
    ...systemRemarks(settings, platforms),
    ...levels.flatMap(name => {
      const setting = settings.get(name)
      return setting ? checkLevel(name, setting, platforms) : []
    }),
  ]
}

function systemRemarks(settings: GoSettings, platforms: readonly Platform[]): string[] {
  const os = settings.get('GOOS')
  const arch = settings.get('GOARCH')
  const remarks: string[] = []
  if (os && os.value !== 'linux')
    remarks.push(`${describeSetting('GOOS', os)} does not count: images are for Linux`)
  // `go env -w GOARCH` and the like say what this machine builds by itself; the platforms say what an image is for.
  if (arch && !platforms.some(({ go }) => go['GOARCH'] === arch.value)) {
    const known = allPlatforms.find(({ go }) => go['GOARCH'] === arch.value)
    remarks.push(
      `${describeSetting('GOARCH', arch)} does not count: ${known ? `--platform ${known.id} builds for it` : '--platform chooses the target'}`,
    )
  }
  return remarks
}

function checkLevel(name: string, setting: GoSetting, platforms: readonly Platform[]): string[] {
  const concerned = platforms.filter(({ go }) => go[name] !== undefined)
  // GOARM=7 is short for 7,hardfloat.
  const value = name === 'GOARM' ? setting.value.replace(/^([67]),hardfloat$/, '$1') : setting.value
  if (concerned.some(({ go }) => go[name] === value)) return []
  const [first] = concerned as [Platform]
  const other = allPlatforms.find(({ go }) => go[name] === value)
  const ours = `${first.id} means ${name}=${first.go[name]}`
  if (setting.from === 'go env -w') {
    return [
      `${describeSetting(name, setting)} does not count: ${ours}${other ? `, and ${other.id} is a platform of its own` : ''}`,
    ]
  }
  throw new Failure({
    kind: 'usage',
    what: `${name}=${setting.value} contradicts ${first.id}`,
    where: setting.from,
    why: `${ours}: an image for it must run on every such machine`,
    fix: `${other ? `--platform ${other.id}   or\n` : ''}${unset(name, setting)}`,
  })
}
