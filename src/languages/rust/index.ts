import { Failure } from '../../errors.ts'
import { type Platform, platformFolder } from '../../platforms.ts'
import type { Command, LibcPrediction, Step } from '../../types.ts'
import { fillPlaceholders } from '../../util/placeholders.ts'
import { compareVersions } from '../../util/versions.ts'
import type { CompilePlan, CompileRequest, Language } from '../language.ts'
import { fillEnv, stepPlaceholders } from '../placeholders.ts'
import { adviseRust } from './advice.ts'
import { envTriple } from './cargo-config.ts'
import { explainRust } from './explain.ts'
import { featureArgs } from './features.ts'
import { refuseHostLibraries } from './host-libraries.ts'
import { chooseLinker, type RustLinker } from './linker.ts'
import { readArtifacts, readProgress } from './messages.ts'
import { checkBinNames, packageOf } from './metadata.ts'
import { inspectRust, type RustProject } from './project.ts'
import { giveFlags, remapFlags } from './rustflags.ts'
import type { RustTarget } from './target.ts'
import { toolchainFiles } from './toolchain-file.ts'

/** Rust: one `cargo build` for all platforms, musl and static unless glibc is asked for. */
export const rust: Language<RustProject> = {
  name: 'rust',
  title: 'Rust',
  markers: ['Cargo.toml'],
  watchedFiles: toolchainFiles,
  ownFlags: {
    '--target': 'name it with --platform, before the --',
    '--message-format': 'leave it out',
    '--features': '[rust] features = ["NAME"] in xbuild.toml',
    '-F': '[rust] features = ["NAME"] in xbuild.toml',
    '--all-features': '[rust] all-features = true in xbuild.toml',
    '--no-default-features': '[rust] default-features = false in xbuild.toml',
  },
  versionCommand: { tool: 'cargo', args: ['-V'] },
  inspect: inspectRust,
  compile: compileRust,
  collect: async (step, result) => {
    if (result.ok) refuseHostLibraries(result.stdout, step)
    return readArtifacts(result.stdout, step, result)
  },
  progress: () => readProgress,
  explain: explainRust,
  advise: adviseRust,
}

function compileRust(project: RustProject, request: CompileRequest): CompilePlan {
  checkStd(project, request)
  checkBinNames(project.executables, request.executables)
  const linkers = new Map(
    request.platforms.map(platform => [platform.id, chooseLinker(project, request, platform)]),
  )
  return {
    files: uniqueFiles([...linkers.values()]),
    prepare: addTargets(project, request),
    steps: shareOut(request.platforms).map(group => buildStep(project, request, group, linkers)),
    // One cargo uses every processor by itself.
    concurrency: 1,
    prediction: predict(request, [...linkers.values()]),
    hints: [
      ...allocatorHint(project, request),
      ...new Set([...linkers.values()].flatMap(({ hints }) => hints)),
    ],
  }
}

/**
 * One cargo for all platforms: it compiles build scripts and macros once and schedules all targets together. A variant
 * that shares its triple with the baseline (amd64/v3) needs other flags, so a cargo and a folder of its own.
 */
function shareOut(platforms: readonly Platform[]): Platform[][] {
  const baselines = platforms.filter(platform => platform.rust.cpu === undefined)
  const variants = platforms.filter(platform => platform.rust.cpu !== undefined)
  return [...(baselines.length > 0 ? [baselines] : []), ...variants.map(platform => [platform])]
}

function buildStep(
  project: RustProject,
  request: CompileRequest,
  platforms: readonly Platform[],
  linkers: ReadonlyMap<string, RustLinker>,
): Step {
  const { options, executables, toolchainArgs, jobs, caches } = request
  const { profile, locked, libc, glibc } = options.rust
  const cpu = platforms[0]?.rust.cpu
  const isInProject = project.targetDirectory.startsWith(project.workspaceRoot)
  const shared = caches !== undefined && isInProject ? `${caches}/target` : undefined
  const folder =
    cpu === undefined
      ? shared
      : `${shared ?? project.targetDirectory}/xbuild/${platforms.map(platformFolder).join()}`
  const values = stepPlaceholders(request, platforms)
  const own = project.environmentFlags
  // Cargo prefers these to RUSTFLAGS, so the placeholders of [rust] env are filled in them, too.
  const isOurs = own !== undefined && options.rust.env[own.variable] !== undefined
  const fillOwn = (flag: string) => fillPlaceholders(flag, values, `[rust] env ${own?.variable}`)
  const filled = isOurs
    ? { ...project, environmentFlags: { ...own, flags: own.flags.map(fillOwn) } }
    : project
  const targets = platforms.map(platform => {
    const target = project.targets.get(platform.id) as RustTarget
    const fill = (variable: string, list: readonly string[]) =>
      options.rust.env[variable] === undefined
        ? list
        : list.map(flag => fillPlaceholders(flag, values, `[rust] env ${variable}`))
    return {
      ...target,
      ownRustflags: fill(`CARGO_TARGET_${envTriple(target.triple)}_RUSTFLAGS`, target.ownRustflags),
      hiddenRustflags: fill('CARGO_BUILD_RUSTFLAGS', target.hiddenRustflags),
    }
  })
  const flags = giveFlags(filled, targets, [
    ...remapFlags(project),
    ...(libc === 'musl' ? ['-Ctarget-feature=+crt-static'] : []),
    ...(cpu === undefined ? [] : [`-Ctarget-cpu=${cpu}`]),
  ])
  const args = [
    'build',
    ...(profile === 'release' ? ['--release'] : ['--profile', profile]),
    '--message-format=json-render-diagnostics',
    // Since 1.74: without it the first error ends the other targets, too.
    ...(compareVersions(project.cargoVersion, '1.74.0') >= 0 ? ['--keep-going'] : []),
    ...(jobs === project.processors ? [] : ['--jobs', `${jobs}`]),
    ...[...new Set(targets.map(({ triple }) => triple))].flatMap(triple => ['--target', triple]),
    ...(folder === undefined ? [] : ['--target-dir', folder]),
    ...[...new Set(executables.map(packageOf))].flatMap(name => [
      '-p',
      project.packageSpecs.get(name) ?? name,
    ]),
    ...executables.flatMap(({ name }) => ['--bin', name]),
    ...featureArgs(options.rust),
    ...(locked ? ['--locked'] : []),
    ...flags.args,
    ...toolchainArgs,
  ]
  const command: Command = {
    tool: 'cargo',
    args,
    cwd: project.root,
    env: {
      // A bar that a pipe would hide, at a width that a terminal would give.
      CARGO_TERM_PROGRESS_WHEN: 'always',
      CARGO_TERM_PROGRESS_WIDTH: '80',
      CARGO_TERM_COLOR: 'never',
      ...Object.assign({}, ...platforms.map(platform => linkers.get(platform.id)?.env)),
      ...fillEnv(options.rust.env, values, '[rust] env'),
      // Last: the flags that `[rust] env` has are among these.
      ...flags.env,
    },
  }
  return {
    title: `Compile ${platforms.map(({ id }) => id).join(', ')}`,
    command,
    produces: platforms.flatMap(platform => executables.map(({ name }) => ({ platform, name }))),
    ...(libc === 'gnu' && glibc !== undefined && { oldestGlibc: glibc }),
  }
}

function uniqueFiles(linkers: readonly RustLinker[]) {
  return [...new Map(linkers.flatMap(({ files }) => files).map(file => [file.path, file])).values()]
}

/**
 * Adds the standard libraries that are missing, in the project's folder and environment, so that rust-toolchain.toml and
 * RUSTUP_TOOLCHAIN apply.
 */
function addTargets(project: RustProject, { platforms, options }: CompileRequest): Step[] {
  const missing = new Set(
    platforms
      .map(platform => project.targets.get(platform.id) as RustTarget)
      .filter(({ std }) => std === 'missing')
      .map(({ triple }) => triple),
  )
  if (missing.size === 0) return []
  const command = {
    tool: 'rustup',
    args: ['target', 'add', ...missing],
    cwd: project.root,
    env: options.rust.env,
  }
  const names = [...missing].join(', ')
  const installs = `Rust's standard library for ${names}`
  return [{ title: `Add the Rust target ${names}`, command, produces: [], installs }]
}

function checkStd(project: RustProject, { platforms, options }: CompileRequest): void {
  const { libc } = options.rust
  const lacking = platforms.filter(platform => {
    const std = project.targets.get(platform.id)?.std
    return std === 'unavailable' || (std === 'missing' && !project.sysroot.rustup)
  })
  const [first] = lacking
  if (!first) return
  const triples = lacking.map(platform => project.targets.get(platform.id)?.triple).join(' ')
  const { rustup } = project.sysroot
  const good = platforms.filter(platform => !lacking.includes(platform)).map(({ id }) => id)
  const other = libc === 'musl' ? 'gnu' : 'musl'
  throw new Failure({
    kind: rustup ? 'usage' : 'tool',
    what: `Rust has no standard library for ${lacking.map(({ id }) => id).join(', ')} with ${libc}`,
    where: triples,
    why: rustup
      ? `rustup offers none for ${triples}${good.length > 0 ? `; it has those of ${good.join(', ')}` : ''}`
      : `rustc ${project.toolchain.version} was not installed by rustup, so xbuild cannot add it`,
    fix: rustup
      ? `[rust] libc = "${other}" in xbuild.toml${good.length > 0 ? `, or --platform ${good.join(',')}` : ''}`
      : `rustup target add ${triples}   (with the toolchain of https://rustup.rs), or\n${packagedStd(first, libc)}`,
  })
}

/** The other way out: Debian has the standard library for glibc in packages. */
function packagedStd({ debian }: Platform, libc: 'musl' | 'gnu'): string {
  const install = debian ? `apt-get install libstd-rust-dev:${debian.arch}` : 'install it with rustc'
  return libc === 'gnu' ? install : `[rust] libc = "gnu" in xbuild.toml, and ${install}`
}

function predict({ options }: CompileRequest, linkers: readonly RustLinker[]): LibcPrediction {
  if (options.rust.libc === 'musl')
    return { libc: 'musl', cxx: false, reason: 'Rust links statically with musl' }
  // Zig links its own unwinder statically, where gcc takes libgcc_s.
  const cxx = linkers.some(({ by }) => by !== 'zig')
  return { libc: 'gnu', cxx, reason: '[rust] libc = "gnu" links against glibc' }
}

/** Once per project: whoever has built it has read it. */
function allocatorHint({ needsAllocator }: RustProject, { options, warm }: CompileRequest): string[] {
  if (warm || !needsAllocator || options.rust.libc !== 'musl') return []
  return [
    'musl\'s allocator is slow under contention, and this program depends on a crate for servers: a #[global_allocator] such as mimalloc behind cfg(target_env = "musl") fixes that',
  ]
}
