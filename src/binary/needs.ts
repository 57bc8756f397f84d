import type { Platform } from '../platforms.ts'
import type { ElfFacts } from './elf.ts'

/** A verified binary as the choice of a base sees it. */
export interface ImageBinary {
  readonly platform: Platform
  readonly name: string
  readonly elf: ElfFacts
}

/** What must be in an image for a binary to start. What it opens with dlopen cannot be seen. */
export interface Needs {
  /** `unknown` is a program loader at a path that no distribution has. */
  readonly libc: 'none' | 'glibc' | 'musl' | 'unknown'
  /** Shared libraries but for the program loader. */
  readonly libraries: readonly string[]
  /** Oldest versions that will do. */
  readonly glibc?: string
  readonly glibcxx?: string
}

/** Where glibc's loader is on the platforms that xbuild builds for (glibc, shlib-versions and the psABI supplements). */
const glibcLoaders: ReadonlySet<string> = new Set([
  '/lib64/ld-linux-x86-64.so.2',
  '/lib/ld-linux.so.2',
  '/lib/ld-linux-aarch64.so.1',
  '/lib/ld-linux-armhf.so.3',
  '/lib/ld-linux.so.3',
  '/lib/ld-linux-riscv64-lp64d.so.1',
  '/lib64/ld64.so.2',
  '/lib/ld64.so.1',
  '/lib64/ld-linux-loongarch-lp64d.so.1',
  '/lib64/ld.so.1',
])
const muslLoader = /^\/lib\/ld-musl-[\w-]+\.so\.1$/
const loaderNames: ReadonlySet<string> = new Set(
  [...glibcLoaders].map(path => path.slice(path.lastIndexOf('/') + 1)),
)

/** What a binary needs of its base image. */
export function needs(elf: ElfFacts): Needs {
  return {
    libc: libcOf(elf),
    libraries: elf.needed.filter(library => !loaderNames.has(library)),
    ...(elf.glibc === undefined ? {} : { glibc: elf.glibc }),
    ...(elf.glibcxx === undefined ? {} : { glibcxx: elf.glibcxx }),
  }
}

function libcOf({ linkage, interpreter }: ElfFacts): Needs['libc'] {
  if (linkage !== 'dynamic') return 'none'
  if (interpreter === undefined) return 'unknown'
  if (muslLoader.test(interpreter)) return 'musl'
  return glibcLoaders.has(interpreter) ? 'glibc' : 'unknown'
}
