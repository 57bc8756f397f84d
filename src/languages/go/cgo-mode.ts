import { Failure } from '../../errors.ts'
import type { LanguageOptions } from '../options.ts'
import { describeSetting, type GoSettings, unset } from './settings.ts'

/** Whether cgo is used: `auto` is where a program really needs it. */
export interface CgoMode {
  readonly mode: 'auto' | boolean
  /** Who said so, for messages; absent where nobody did. */
  readonly by?: string
  readonly remarks: readonly string[]
}

/**
 * What `[go] cgo` and CGO_ENABLED say together. CGO_ENABLED of the environment goes before xbuild.toml, as every variable
 * does; what `go env -w` keeps for this machine comes after it.
 * @throws {Failure} usage, when xbuild.toml contradicts itself, or the value is neither 0 nor 1.
 */
export function cgoMode({ cgo }: Pick<LanguageOptions['go'], 'cgo'>, settings: GoSettings): CgoMode {
  const setting = settings.get('CGO_ENABLED')
  const own = cgo === 'auto' ? {} : { by: `[go] cgo = ${cgo}` }
  if (!setting) return { mode: cgo, ...own, remarks: [] }
  if (setting.value !== '0' && setting.value !== '1') {
    throw new Failure({
      kind: 'usage',
      what: `CGO_ENABLED is ${JSON.stringify(setting.value)}`,
      where: setting.from,
      why: 'Go knows the values 0 and 1',
      fix: unset('CGO_ENABLED', setting),
    })
  }
  const wanted = setting.value === '1'
  const said = describeSetting('CGO_ENABLED', setting)
  if (cgo === 'auto') return { mode: wanted, by: said, remarks: [] }
  if (cgo === wanted) return { mode: cgo, ...own, remarks: [] }
  if (setting.from === '[go] env') {
    throw new Failure({
      kind: 'usage',
      what: `[go] cgo = ${cgo} and CGO_ENABLED=${setting.value} of [go] env contradict each other`,
      where: '[go] cgo of xbuild.toml',
      key: ['go', 'cgo'],
      fix: unset('CGO_ENABLED', setting),
    })
  }
  return setting.from === 'the environment'
    ? { mode: wanted, by: said, remarks: [`${said} goes before [go] cgo = ${cgo}`] }
    : { mode: cgo, ...own, remarks: [`${said} does not count: [go] cgo = ${cgo} of xbuild.toml does`] }
}
