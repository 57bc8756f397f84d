import type { GoBuildInfo } from './goinfo.ts'

/** What an ELF file says of itself, as far as an image of it depends on that. */
export interface ElfFacts {
  /** e_machine, such as 62 for x86-64. */
  readonly machine: number
  readonly class: 32 | 64
  readonly endian: 'little' | 'big'
  readonly type: 'none' | 'rel' | 'exec' | 'dyn' | 'core' | 'other'
  /** e_flags, unsigned. */
  readonly flags: number
  /** EI_OSABI: 0 is System V, 3 is GNU/Linux. */
  readonly osabi: number
  /** ARM only: the float ABI that e_flags states; absent where it states none, as in what Go links itself. */
  readonly armFloat?: 'soft' | 'hard'
  /** The program loader (PT_INTERP) that must be in the image. */
  readonly interpreter?: string
  /** Shared libraries by name (DT_NEEDED), in file order. */
  readonly needed: readonly string[]
  /** `dynamic` also for a shared library, which has no interpreter. */
  readonly linkage: 'static' | 'static-pie' | 'dynamic'
  /** Oldest glibc that has every symbol version it asks for, such as "2.34"; absent where it asks for none. */
  readonly glibc?: string
  /** The same for libstdc++'s GLIBCXX versions, such as "3.4.30". */
  readonly glibcxx?: string
  /** Whether the symbol table (.symtab) is gone. */
  readonly stripped: boolean
  /** Present in programs that Go linked. */
  readonly go?: GoBuildInfo
}
