import type { Platform } from '../platforms.ts'
import { hostArch } from '../util/host-arch.ts'

/** Flags of C compilers that name a processor, or an instruction set of x86. */
const cFlag = /^-m(?:(?:arch|cpu|tune)=.+|(?:sse|avx|fma|bmi|aes|popcnt)\S*|32|64)$/

/** Flags that name folders of this machine. */
const folderFlag = /^-(?:I|L|isystem)\/(?:usr|opt|home)\b/

/** The first of a C compiler's flags that is for one processor, or for the folders of this machine. */
export function machineFlag(flags: readonly string[]): string | undefined {
  return flags.find(flag => cFlag.test(flag) || folderFlag.test(flag))
}

/** Variables with flags of C compilers that are for this machine, and what that means for each platform. */
export function machineFlagRemarks(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  platforms: readonly Platform[],
): string[] {
  return names.flatMap(name => {
    const flag = machineFlag((env[name] ?? '').split(/\s+/))
    if (flag === undefined) return []
    return platforms.map(platform => `${name} has ${flag}: ${forThisMachine(platform, 'C code')}`)
  })
}

/** What it means that something is compiled for the machine that compiles. */
export function forThisMachine({ id, arch }: Platform, what: string): string {
  return arch === hostArch()
    ? `the ${what} for ${id} is for machines like this one`
    : `that is for this machine, and the ${what} for ${id} may not compile or run with it`
}
