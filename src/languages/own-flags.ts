import { Failure } from '../errors.ts'
import type { Language } from './language.ts'

/**
 * Makes sure that no flag for the toolchain contradicts what xbuild knows: where the binaries will lie, and of what they
 * are made.
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
      what: `${flag} cannot stand ${place}`,
      why: `xbuild gives it to ${tool} itself, and has to know its value`,
      fix,
    })
  }
}
