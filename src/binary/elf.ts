import { readDynamic } from './dynamic.ts'
import { ElfFile } from './elf-file.ts'
import { type GoBuildInfo, readGoBuildInfo } from './goinfo.ts'
import { bytesReader, type Reader, withFileReader } from './reader.ts'

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
  /** Whether the linker marked a position-independent program (DF_1_PIE), which a shared library is not. */
  readonly pie: boolean
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

const types = ['none', 'rel', 'exec', 'dyn', 'core'] as const
const armMachine = 40
const interpreterSegment = 3
const symbolTableSection = 2

/**
 * Reads the facts of an ELF file, from bytes or through a reader; `name` is what messages call it.
 * @throws {UnreadableBinary} when it is empty, cut short, another format, or contradicts itself.
 */
export function readElf(source: Uint8Array | Reader, name = 'binary'): ElfFacts {
  const file = new ElfFile(source instanceof Uint8Array ? bytesReader(source) : source, name)
  const type = types[file.type] ?? 'other'
  const { needed, pie, glibc, glibcxx } = readDynamic(file)
  const loader = file.segments.find(segment => segment.type === interpreterSegment)
  const interpreter = loader && file.text(loader.offset, 'the name of its interpreter')
  const armFloat = file.machine === armMachine ? readArmFloat(file.flags) : undefined
  const go = readGoBuildInfo(file)
  return {
    machine: file.machine,
    class: file.class,
    endian: file.endian,
    type,
    flags: file.flags,
    osabi: file.osabi,
    ...(armFloat ? { armFloat } : {}),
    ...(interpreter === undefined ? {} : { interpreter }),
    needed,
    pie,
    linkage:
      interpreter !== undefined || needed.length > 0 || (type === 'dyn' && !pie)
        ? 'dynamic'
        : type === 'dyn'
          ? 'static-pie'
          : 'static',
    ...(glibc === undefined ? {} : { glibc }),
    ...(glibcxx === undefined ? {} : { glibcxx }),
    stripped: !file.sections.some(section => section.type === symbolTableSection),
    ...(go ? { go } : {}),
  }
}

/**
 * Reads the facts of an ELF file on disk; of a large one only its headers and tables.
 * @throws {UnreadableBinary} as readElf does, and when the file cannot be read.
 */
export function readElfFile(path: string): ElfFacts {
  return withFileReader(path, reader => readElf(reader, path))
}

/** EF_ARM_ABI_FLOAT_SOFT and _HARD, which mean that only from version 5 of the ARM EABI on (ELF for the Arm ABI). */
function readArmFloat(flags: number): 'soft' | 'hard' | undefined {
  if (flags >>> 24 !== 5) return undefined
  if (flags & 0x400) return 'hard'
  return flags & 0x200 ? 'soft' : undefined
}
