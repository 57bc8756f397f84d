import { existsSync, readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findCommands } from '../../c-toolchains/gcc.ts'
import type { Libc } from '../../c-toolchains/index.ts'
import type { Platform } from '../../platforms.ts'
import { run } from '../../process.ts'
import type { InspectContext } from '../language.ts'
import {
  buildScriptEnv,
  type CargoConfigFile,
  type FlagSource,
  lookUp,
  targetConfig,
} from './cargo-config.ts'

/** One platform as rustc sees it on this machine. */
export interface RustTarget {
  readonly triple: string
  /** `unavailable`: not there, and rustup has none for this target either. */
  readonly std: 'installed' | 'missing' | 'unavailable'
  /** Whether the C start files and libc come with the standard library, as they do for musl. */
  readonly selfContained: boolean
  /** The linker that the user's configuration names, and where. */
  readonly linker?: { readonly value: string; readonly source: string }
  /** Flags of the user's that must be repeated with ours (cargo-config.ts). */
  readonly ownRustflags: readonly string[]
  readonly hiddenRustflags: readonly string[]
  readonly flagSources: readonly FlagSource[]
  readonly flagsAreString: boolean
  /** Whether the user names the C compiler for this target. */
  readonly ownCc: boolean
  /** What else the user names for the C code of this target: CXX, AR, PKG_CONFIG_LIBDIR. */
  readonly ownTools: ReadonlySet<string>
}

/** What the folder of a toolchain tells, whatever the target. */
export interface RustSysroot {
  /** Whether rustup made it, so that `rustup target add` can add to it. */
  readonly rustup: boolean
  /** Whether rustc has its own linker next to it. */
  readonly rustLld: boolean
  /** Where that linker is. */
  readonly rustLldPath?: string
  /** Why it cannot be used though it is there; `rustLld` is false then. */
  readonly rustLldProblem?: string
  /** rustc's own triple; absent where no target's folder was found. */
  readonly host?: string
  /** The standard library's source, where it is installed: paths in panics then point into it. */
  readonly source?: string
}

/** The triple of a platform for a libc. */
export function rustTriple(platform: Platform, libc: Libc): string {
  return (libc === 'musl' ? platform.rust.musl : undefined) ?? platform.rust.gnu
}

/** The environment that cargo compiles in. */
export const cargoEnv = ({ options }: InspectContext): NodeJS.ProcessEnv => ({
  ...process.env,
  ...options.rust.env,
})

/** The rustc to ask. The project's configuration may name another program; reading a project must not run that. */
export const rustcCommand = (context: InspectContext): string => cargoEnv(context)['RUSTC'] || 'rustc'

/** Looks for the standard library of one target, and for what the user configured for it. */
export async function readTarget(
  dir: string,
  triple: string,
  config: readonly CargoConfigFile[],
  context: InspectContext,
): Promise<{ readonly target: RustTarget; readonly libdir?: string }> {
  const env = cargoEnv(context)
  const args = ['--print', 'target-libdir', '--target', triple]
  const command = { tool: rustcCommand(context), args, cwd: dir, env: context.options.rust.env }
  const { run: runTool = run, signal } = context
  const result = await runTool(command, { signal })
  const ownTools = toolsOf(triple, buildScriptEnv(config, env))
  const configured = {
    triple,
    ...targetConfig(config, triple, env),
    ownCc: ownTools.has('CC'),
    ownTools,
  }
  // A target that this rustc does not know.
  if (!result.ok) return { target: { ...configured, std: 'unavailable', selfContained: false } }
  const libdir = result.stdout.trim()
  const names = await readdir(libdir).catch((): string[] => [])
  const installed =
    names.some(name => name.startsWith('libstd-')) || lookUp(config, 'unstable', 'build-std') !== undefined
  const std = installed ? 'installed' : downloadable(libdir, triple) ? 'missing' : 'unavailable'
  // rustup's musl targets have them, so one that it will add has them, too.
  const selfContained =
    existsSync(join(libdir, 'self-contained', 'crt1.o')) || (std === 'missing' && triple.includes('-musl'))
  return { target: { ...configured, std, selfContained }, libdir }
}

/** What lies above a target's library folder, `lib/rustlib/TRIPLE/lib`, in the same toolchain. */
export function readSysroot(libdir: string, host: string): RustSysroot {
  const rustlib = join(libdir, '..', '..')
  const source = join(rustlib, 'src', 'rust')
  const rustLldPath = join(rustlib, host, 'bin', 'rust-lld')
  return {
    rustup: existsSync(join(rustlib, channelManifest)) && isOnPath('rustup'),
    rustLld: existsSync(rustLldPath),
    rustLldPath,
    ...(host && { host }),
    ...(existsSync(source) && { source }),
  }
}

const isOnPath = (name: string) => findCommands([name], process.env['PATH'] ?? '').size > 0

/** Present in toolchains that rustup installed: everything that it could install for this release. */
const channelManifest = 'multirust-channel-manifest.toml'

/** Whether rustup's manifest lists a standard library for the target; true where there is no manifest to ask. */
function downloadable(libdir: string, triple: string): boolean {
  try {
    const path = join(libdir, '..', '..', channelManifest)
    if (!statSync(path).isFile()) return true
    const manifest = readFileSync(path, 'utf8')
    const entry = new RegExp(`^\\[pkg\\.rust-std\\.target\\.${triple}\\]\\s+available = (\\w+)`, 'm').exec(
      manifest,
    )
    return entry?.[1] === 'true'
  } catch {
    return true
  }
}

/** What the C code of a target is compiled and linked with, each a variable that may be set for one target. */
const targetTools = ['CC', 'CXX', 'AR', 'RANLIB', 'PKG_CONFIG_ALLOW_CROSS', 'PKG_CONFIG_LIBDIR'] as const

export type TargetTool = (typeof targetTools)[number]

/** Those that the user names for this target, in one of the spellings of the crates cc and pkg-config. */
export function toolsOf(triple: string, env: NodeJS.ProcessEnv): ReadonlySet<string> {
  const spellings = (name: string) => [
    `${name}_${triple}`,
    `${name}_${triple.replaceAll('-', '_')}`,
    `TARGET_${name}`,
  ]
  return new Set(targetTools.filter(name => spellings(name).some(spelling => env[spelling])))
}
