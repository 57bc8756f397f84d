/** Flags of C compilers that name a processor, or an instruction set of x86. */
const cFlag = /^-m(?:(?:arch|cpu|tune)=.+|(?:sse|avx|fma|bmi|aes|popcnt)\S*|32|64)$/

/** Flags that name folders of this machine. */
const folderFlag = /^-(?:I|L|isystem)\/(?:usr|opt|home)\b/

/** The first of a C compiler's flags that is for one processor, or for the folders of this machine. */
export function machineFlag(flags: readonly string[]): string | undefined {
  return flags.find(flag => cFlag.test(flag) || folderFlag.test(flag))
}
