import { type CToolchain, chooseCToolchain, type Libc } from '../../c-toolchains/index.ts'
import { bareLinker, type ScriptedToolchain, scriptToolchain } from '../../c-toolchains/script.ts'
import { isFailure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import type { SupportFile } from '../../types.ts'
import type { CompileRequest } from '../language.ts'
import { bindgenEnv } from './bindgen.ts'
import { envTriple } from './cargo-config.ts'
import type { RustProject } from './project.ts'
import type { RustTarget, TargetTool } from './target.ts'

/** What links a target's programs and compiles their C code. */
export interface RustLinker {
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly SupportFile[]
  readonly by: 'user' | 'rust-lld' | CToolchain['name']
  readonly title: string
  readonly hints: readonly string[]
  /** What compiles C code, where that is chosen. */
  readonly toolchain?: CToolchain
}

const noCToolchains = {
  commands: new Set<string>(),
  hostArch: '',
  hostLibc: 'gnu',
  pkgConfigSet: false,
} as const

/**
 * Chooses the linker of one platform: the user's own; rustc's for pure Rust on musl; else a C toolchain, which then
 * compiles the C code of dependencies, too, as zig does with a user's linker for musl. Pure.
 * @throws {Failure} tool, when C code or glibc needs a C toolchain and none is there.
 */
export function chooseLinker(project: RustProject, request: CompileRequest, platform: Platform): RustLinker {
  const linker = chooseByCode(project, request, platform)
  const { triple } = project.targets.get(platform.id) as RustTarget
  const { libc } = request.options.rust
  const compiler = linker.toolchain ?? (project.cToolchains?.zig && { name: 'zig' as const, libc })
  if (!compiler) return linker
  return { ...linker, env: { ...linker.env, ...bindgenEnv(project.bindgen, compiler, platform, triple) } }
}

function chooseByCode(project: RustProject, request: CompileRequest, platform: Platform): RustLinker {
  const target = project.targets.get(platform.id) as RustTarget
  const { libc, glibc } = request.options.rust
  const chosen = new Set(request.executables.map(item => item.package))
  const uses = (code: { executables?: readonly string[] }) =>
    code.executables?.some(name => chosen.has(name)) ?? true
  const certain = target.ownCc ? undefined : project.cCode.find(uses)
  const possible = target.ownCc ? undefined : project.possibleCCode.find(uses)
  const compilesC = certain !== undefined || possible !== undefined
  if (target.linker) return linkWithUsers(project, request, platform, target.linker.value, compilesC)
  const rustLld = libc === 'musl' && target.selfContained && project.sysroot.rustLld
  if (rustLld && !compilesC) return linkWithRustLld(project, target)
  const because =
    libc === 'gnu'
      ? `linking against glibc for ${platform.id} needs a C toolchain`
      : `linking for ${platform.id} needs a C toolchain, because ${whyNotRustLld(project)}`
  try {
    const toolchain = chooseCToolchain({
      platform,
      libcs: acceptable(libc, target),
      preference: request.options.c.toolchain,
      found: project.cToolchains ?? noCToolchains,
      dependency: `the crate ${certain?.dependency}`,
      ...(!certain && { because }),
      glibc: libc === 'gnu' ? glibc : undefined,
    })
    return linkWithC(project, request, target, toolchain, certain ? 'certain' : compilesC && 'possible')
  } catch (error) {
    // C code that is not certain is no reason to refuse.
    if (!rustLld || certain || !isFailure(error, 'tool')) throw error
    const hint = `${possible?.dependency} may hold C code, and there is no C compiler for it: ${error.fix?.replaceAll(/\s+/g, ' ')}`
    return { ...linkWithRustLld(project, target), hints: [hint] }
  }
}

const whyNotRustLld = ({ sysroot: { rustLldProblem } }: RustProject) =>
  rustLldProblem === undefined
    ? 'this rustc has no linker of its own for it'
    : `rust-lld, the linker of this rustc, does not start: ${rustLldProblem}`

/**
 * The user's linker, and zig for C code where the cc crate would have nothing but a guess at a musl gcc's name. It finds
 * the gcc that a linker such as `aarch64-linux-musl-gcc` is by itself, and for glibc the gcc that belongs to the linker's
 * libraries. Pure.
 */
function linkWithUsers(
  project: RustProject,
  request: CompileRequest,
  platform: Platform,
  linker: string,
  compilesC: boolean,
): RustLinker {
  const own: RustLinker = { env: {}, files: [], by: 'user', title: linker, hints: [] }
  const { rust, c } = request.options
  const found = project.cToolchains
  if (!compilesC || rust.libc === 'gnu' || linker.endsWith('-gcc')) return own
  if (!found?.zig || c.toolchain === 'gcc') return own
  const zig = chooseCToolchain({ platform, libcs: ['musl'], preference: 'zig', found, dependency: 'C code' })
  const target = project.targets.get(platform.id) as RustTarget
  const { env, files } = linkWithC(project, request, target, zig, 'certain')
  return { ...own, env, files }
}

/**
 * The libc whose headers will do. A gcc for glibc can compile for musl where rustc brings musl itself: most C code asks
 * for nothing that differs, and what does fails at the link.
 */
function acceptable(libc: Libc, target: RustTarget): readonly Libc[] {
  if (libc === 'gnu') return ['gnu']
  return target.selfContained ? ['musl', 'gnu'] : ['musl']
}

/**
 * rustc's own linker. On a host of musl cargo would link macros with it, too: those are shared libraries, for which
 * rust-lld finds neither libc nor libgcc_s, where cargo's default, the host's `cc`, does.
 */
function linkWithRustLld({ sysroot }: RustProject, { triple }: RustTarget): RustLinker {
  if (triple === sysroot.host) return { env: {}, files: [], by: 'host', title: 'cc', hints: [] }
  const env = { [`CARGO_TARGET_${envTriple(triple)}_LINKER`]: 'rust-lld' }
  return { env, files: [], by: 'rust-lld', title: 'rust-lld', hints: [] }
}

function linkWithC(
  project: RustProject,
  { options }: CompileRequest,
  { triple, ownCc, ownTools, linker }: RustTarget,
  toolchain: CToolchain,
  compilesC: 'certain' | 'possible' | false,
): RustLinker {
  // The host's own compiler is what cargo uses anyway.
  if (toolchain.name === 'host' && options.rust.libc === 'gnu' && !compilesC) {
    return { env: {}, files: [], by: 'host', title: toolchain.title, hints: [] }
  }
  const suffix = triple.replaceAll('-', '_')
  const mixed = options.rust.libc === 'musl' && toolchain.libc === 'gnu'
  const scripts =
    (compilesC ? undefined : oneWordEach(toolchain)) ??
    scriptToolchain(
      toolchain,
      project.scripts,
      [...(mixed ? plainHeaders : []), ...reproducible(project)],
      // rustc links musl without gcc's own support functions, which C code may call.
      options.rust.libc === 'musl' && toolchain.name === 'host' && !mixed ? ['-lgcc'] : [],
    )
  const own = mixed ? linkAlone(project, toolchain) : { linker: scripts.cc, files: [] }
  const tools: Partial<Record<TargetTool, string>> = {
    CC: scripts.cc,
    CXX: scripts.cxx,
    AR: scripts.ar,
    RANLIB: scripts.ranlib,
    ...pkgConfigEnv(toolchain, mixed),
  }
  const cEnv = Object.entries(tools)
    .filter(([name]) => !ownTools.has(name))
    .map(([name, value]) => [`${name}_${suffix}`, value])
  return {
    env: {
      ...(linker ? {} : { [`CARGO_TARGET_${envTriple(triple)}_LINKER`]: own.linker }),
      ...(ownCc ? {} : Object.fromEntries(cEnv)),
    },
    files: [...scripts.files, ...own.files],
    by: toolchain.name,
    toolchain,
    title: toolchain.title,
    hints: [
      ...(mixed && compilesC
        ? [
            `C code${compilesC === 'possible' ? ', where a dependency has any,' : ''} is compiled by gcc with the headers of glibc and linked with musl; zig has those of musl (${options.c.toolchain === 'gcc' ? '[c] toolchain = "zig"' : 'pip install ziglang'})`,
          ]
        : []),
      ...(compilesC && !ownCc ? replacedCompilers(project) : []),
    ],
  }
}

/** One compiler of the user's cannot serve several platforms, so each gets its own. */
function replacedCompilers({ hostTools = [] }: RustProject): string[] {
  const [first] = hostTools
  if (first === undefined) return []
  const does = hostTools.length === 1 ? 'does' : 'do'
  return [
    `${hostTools.join(', ')} ${does} not count for the platforms: [c] toolchain chooses a C compiler for each; ${first}_TARGET, such as ${first}_aarch64_unknown_linux_musl, names one`,
  ]
}

/**
 * A linker that looks nowhere but where rustc says: gcc would take this machine's libraries, which are for glibc, into a
 * program of musl. What it would add of its own, compiler_builtins has, which rustc links.
 */
function linkAlone(
  { sysroot, scripts }: RustProject,
  toolchain: CToolchain,
): { linker: string; files: readonly SupportFile[] } {
  if (sysroot.rustLld) return { linker: 'rust-lld', files: [] }
  const file = bareLinker(toolchain, scripts)
  return { linker: file.path, files: [file] }
}

function oneWordEach({ cc, cxx, ar, ranlib }: CToolchain): ScriptedToolchain | undefined {
  if ([cc, cxx, ar, ranlib].some(command => command.length !== 1)) return undefined
  const [one, two, three, four] = [cc, cxx, ar, ranlib].map(command => command[0] as string)
  return { cc: one as string, cxx: two as string, ar: three as string, ranlib: four as string, files: [] }
}

/** Only a gcc of Debian's has libraries of the target next to it for pkg-config to find, and they are for glibc. */
function pkgConfigEnv(toolchain: CToolchain, mixed: boolean): Record<string, string> {
  const folder = toolchain.env['PKG_CONFIG_LIBDIR']
  if (mixed || toolchain.name !== 'gcc' || !folder) return {}
  return { PKG_CONFIG_ALLOW_CROSS: '1', PKG_CONFIG_LIBDIR: folder }
}

/** Switches off what glibc's headers would otherwise turn into calls and structures that only glibc has. */
const plainHeaders = ['-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=0', '-D__NO_INLINE__']

/**
 * Keeps folders (`__FILE__`, debug information) and the time (`__DATE__`, `__TIME__`, as in mimalloc) out of C code, so
 * that another folder and another day give the same binary. The time is fixed by arguments and not by SOURCE_DATE_EPOCH,
 * because zig's cache heeds only those.
 */
function reproducible({ workspaceRoot, cargoHome }: RustProject): string[] {
  return [
    `-ffile-prefix-map=${cargoHome}=/cargo`,
    `-ffile-prefix-map=${workspaceRoot}=/src`,
    '-Wno-builtin-macro-redefined',
    '-D__DATE__="Jan  1 1970"',
    '-D__TIME__="00:00:00"',
    '-D__TIMESTAMP__="Thu Jan  1 00:00:00 1970"',
  ]
}
