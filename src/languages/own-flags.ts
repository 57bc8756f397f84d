import { Failure } from '../errors.ts'
import type { Language } from './language.ts'

/**
 * Refuses flags for the toolchain that xbuild sets itself, because it relies on their value: what is built, and where the
 * binaries go.
 * @throws {Failure} usage, with the setting of xbuild that does the same.
 */
export function checkToolchainArgs(
  { ownFlags, versionCommand: { tool } }: Pick<Language, 'ownFlags' | 'versionCommand'>,
  args: readonly string[],
  place = 'after --',
): void {
  for (const word of args) {
    const [flag = ''] = word.split('=')
    const fix = Object.hasOwn(ownFlags, flag) ? ownFlags[flag] : undefined
    if (fix === undefined) continue
    throw new Failure({
      kind: 'usage',
      what: `${flag} cannot be used ${place}`,
      why: `xbuild passes it to ${tool} itself, and relies on its value`,
      fix,
    })
  }
}
