import type { Platform } from '../platforms.ts'
import type { CPreference } from './options.ts'

export type Libc = 'musl' | 'gnu'

/** What compiles, archives and links C and C++ for one platform. Every command is a tool and its first arguments. */
export interface CToolchain {
  readonly name: 'zig' | 'gcc' | 'host'
  /** For plans and reports: "zig 0.14.1", "aarch64-linux-gnu-gcc". */
  readonly title: string
  /** The libc whose headers it compiles against and that it links. */
  readonly libc: Libc
  readonly cc: readonly string[]
  readonly cxx: readonly string[]
  readonly ld: readonly string[]
  readonly ar: readonly string[]
  readonly ranlib: readonly string[]
  /** Keeps pkg-config from answering with the libraries of the host; empty where the user configured it. */
  readonly env: Readonly<Record<string, string>>
}

/** The C compilers of this machine, as found on PATH and by what they print; nothing was compiled. */
export interface FoundCToolchains {
  readonly zig?: { readonly command: readonly string[]; readonly version: string }
  /** Commands that are on PATH, of those that the platforms looked for may use. */
  readonly commands: ReadonlySet<string>
  /** This machine's architecture, as platforms spell it. */
  readonly hostArch: string
  /** What this machine's own `cc` links against: musl on Alpine; absent where it makes no programs for Linux, as on macOS. */
  readonly hostLibc?: Libc
  /** Whether the environment already configures pkg-config. */
  readonly pkgConfigSet: boolean
}

/** Which C toolchain is wanted. */
export interface CToolchainRequest {
  readonly platform: Platform
  /** The libcs that will do, the preferred one first. */
  readonly libcs: readonly Libc[]
  /** `[c] toolchain`. */
  readonly preference: CPreference
  readonly found: FoundCToolchains
  /** What brings C code in, for the error: "github.com/mattn/go-sqlite3", "the crate zstd-sys". */
  readonly dependency: string
  /** Why a C toolchain is needed, where that is not for C code that is in `dependency`. A clause. */
  readonly because?: string | undefined
  /** Oldest glibc that the result must run on, such as "2.17"; only zig can choose it. */
  readonly glibc?: string | undefined
}

/** A row of the table: the toolchain for this platform and libc, where it is there. */
export type CToolchainKind = (request: CToolchainRequest, libc: Libc) => CToolchain | undefined
