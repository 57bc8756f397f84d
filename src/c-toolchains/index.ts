import { Failure } from '../errors.ts'
import type { Platform } from '../platforms.ts'
import { hostArch } from '../util/host-arch.ts'
import type { CToolchain, CToolchainKind, CToolchainRequest, FoundCToolchains, Libc } from './c-toolchain.ts'
import { crossGcc, crossPackages, findCommands, gccCommands, hostCc, hostLibc } from './gcc.ts'
import { findZig, zigCc } from './zig.ts'

export type { CToolchain, FoundCToolchains, Libc } from './c-toolchain.ts'
export { findZigLib, headerFolders } from './headers.ts'

/** Every C toolchain, in the order in which they are tried. */
const kinds = { zig: zigCc, gcc: crossGcc, host: hostCc } as const satisfies Record<
  CToolchain['name'],
  CToolchainKind
>

/** The toolchains that each setting of `[c] toolchain` allows. The host's own gcc counts as gcc. */
const allowed = { auto: ['zig', 'gcc', 'host'], zig: ['zig'], gcc: ['gcc', 'host'] } as const

/**
 * Looks for the C toolchains that could serve `platforms` in the folder of a project: zig (XBUILD_ZIG, PATH, Python's
 * ziglang) and gcc on PATH.
 * @throws {Failure} tool, when XBUILD_ZIG names something that is no zig.
 */
export async function findCToolchains(
  dir: string,
  platforms: readonly Platform[],
  signal?: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
  system: NodeJS.Platform = process.platform,
): Promise<FoundCToolchains> {
  const commands = findCommands(platforms.flatMap(gccCommands), process.env['PATH'] ?? '')
  // Apple's cc makes programs for macOS, and asks to be installed where it is not.
  const readLibc = async () => (system === 'linux' ? hostLibc(dir, commands.has('cc'), signal) : undefined)
  const [zig, libc] = await Promise.all([findZig(dir, signal), readLibc()])
  return {
    ...(zig && { zig }),
    commands,
    hostArch: hostArch(),
    ...(libc && { hostLibc: libc }),
    pkgConfigSet: ['PKG_CONFIG_PATH', 'PKG_CONFIG_LIBDIR', 'PKG_CONFIG_SYSROOT_DIR'].some(name => env[name]),
  }
}

/**
 * Chooses the C toolchain for a platform: the first libc that will do, and for it the first toolchain that is there
 * and that `[c] toolchain` allows. Pure.
 * @throws {Failure} tool, naming the dependency and the commands that would fix it.
 */
export function chooseCToolchain(request: CToolchainRequest): CToolchain {
  for (const libc of request.libcs) {
    for (const name of allowed[request.preference]) {
      const toolchain = kinds[name](request, libc)
      if (toolchain) return toolchain
    }
  }
  throw noToolchain(request)
}

function noToolchain({ platform, preference, libcs, glibc, ...request }: CToolchainRequest): Failure {
  const packages =
    preference === 'zig' || glibc !== undefined ? undefined : installGcc(request.found, platform, libcs)
  const ways = [...(preference === 'gcc' ? [] : ['pip install ziglang']), ...(packages ? [packages] : [])]
  const wanted = { auto: 'zig or gcc', zig: 'zig', gcc: 'gcc' }[preference]
  return new Failure({
    kind: 'tool',
    what: `No C compiler for ${platform.id}`,
    where: platform.id,
    why:
      `${request.because ?? `${request.dependency} is or holds C code`}, and no ${wanted} for this platform was found` +
      (glibc === undefined ? '' : ` that can link against glibc ${glibc}`) +
      (preference === 'auto' ? '' : ` ([c] toolchain = "${preference}" allows no other)`),
    fix:
      ways.length > 0
        ? ways.join('   or\n')
        : `[c] toolchain = "zig" in xbuild.toml, and pip install ziglang`,
  })
}

/** The command that installs a gcc for the platform with one of the libcs; none where the system has no package of it. */
function installGcc(
  { hostArch: arch, hostLibc: own }: FoundCToolchains,
  platform: Platform,
  libcs: readonly Libc[],
): string | undefined {
  if (own === undefined) return undefined
  const native = platform.arch === arch
  if (own === 'musl') return native && libcs.includes('musl') ? 'apk add gcc g++ musl-dev' : undefined
  const packages = native ? ['gcc', 'libc6-dev'] : crossPackages(platform)
  return packages && libcs.includes('gnu') ? `apt-get install ${packages.join(' ')}` : undefined
}
