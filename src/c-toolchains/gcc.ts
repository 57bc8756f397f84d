import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isFailure } from '../errors.ts'
import type { Platform } from '../platforms.ts'
import { run } from '../process.ts'
import type { CToolchain, CToolchainRequest, Libc } from './c-toolchain.ts'

const hostCommands = ['cc', 'c++'] as const

/** The commands that a gcc for this platform would consist of. */
export function gccCommands({ debian }: Platform): string[] {
  return [...(debian ? [`${debian.triplet}-gcc`, `${debian.triplet}-g++`] : []), ...hostCommands]
}

/** Those of `names` that are executable files in a folder of `path`. */
export function findCommands(names: readonly string[], path: string): ReadonlySet<string> {
  const folders = path.split(delimiter).filter(Boolean)
  return new Set(names.filter(name => folders.some(folder => isExecutable(join(folder, name)))))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * The libc of the host's own compiler, by what it says that it compiles for (gcc and clang know `-dumpmachine`):
 * x86_64-alpine-linux-musl. Without one, Alpine is known by its release file.
 */
export async function hostLibc(dir: string, hasCc: boolean, signal?: AbortSignal): Promise<Libc> {
  if (!hasCc) return existsSync('/etc/alpine-release') ? 'musl' : 'gnu'
  try {
    const { stdout } = await run({ tool: 'cc', args: ['-dumpmachine'], cwd: dir }, { signal })
    return stdout.includes('musl') ? 'musl' : 'gnu'
  } catch (error) {
    // One that cannot even start is no reason to refuse what another compiler can do.
    if (!isFailure(error, 'tool')) throw error
    return 'gnu'
  }
}

/**
 * Debian's packages of the cross gcc and its C library: `gcc-aarch64-linux-gnu libc6-dev-arm64-cross`. They are the
 * names of Ubuntu, too.
 */
export function crossPackages({ debian }: Platform): string[] | undefined {
  return debian && [`gcc-${debian.triplet.replaceAll('_', '-')}`, `libc6-dev-${debian.arch}-cross`]
}

/** Debian's cross gcc, which on a Debian of that architecture is the native one under its full name. */
export function crossGcc(request: CToolchainRequest, libc: Libc): CToolchain | undefined {
  const { debian } = request.platform
  if (!debian || libc !== 'gnu' || request.glibc !== undefined) return undefined
  if (!request.found.commands.has(`${debian.triplet}-gcc`)) return undefined
  const prefix = `${debian.triplet}-`
  const march = debian.march ? [`-march=${debian.march}`] : []
  return {
    name: 'gcc',
    title: `${prefix}gcc`,
    libc,
    cc: [`${prefix}gcc`, ...march],
    cxx: [`${prefix}g++`, ...march],
    ld: [`${prefix}ld`],
    ar: [`${prefix}ar`],
    ranlib: [`${prefix}ranlib`],
    env: request.found.pkgConfigSet
      ? {}
      : { PKG_CONFIG_LIBDIR: `/usr/lib/${debian.triplet}/pkgconfig:/usr/share/pkgconfig` },
  }
}

/** The host's own compiler, for the host's own architecture. */
export function hostCc(request: CToolchainRequest, libc: Libc): CToolchain | undefined {
  const { platform, found, glibc } = request
  if (libc !== found.hostLibc || glibc !== undefined || platform.arch !== found.hostArch) return undefined
  if (!found.commands.has('cc')) return undefined
  const march = platform.debian?.march ? [`-march=${platform.debian.march}`] : []
  return {
    name: 'host',
    title: 'cc',
    libc,
    cc: ['cc', ...march],
    cxx: ['c++', ...march],
    ld: ['ld'],
    ar: ['ar'],
    ranlib: ['ranlib'],
    env: {},
  }
}
