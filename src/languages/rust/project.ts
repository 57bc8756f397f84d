import { realpath } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type FoundCToolchains, findCToolchains, findZigLib } from '../../c-toolchains/index.ts'
import { Failure, isFailure } from '../../errors.ts'
import { run } from '../../process.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { compareVersions } from '../../util/versions.ts'
import type { CCode, Executable, InspectContext, Project } from '../language.ts'
import { type Bindgen, readBindgen } from './bindgen.ts'
import { buildScriptEnv, cargoHome, flagList, readCargoConfig } from './cargo-config.ts'
import { readDependencies } from './dependencies.ts'
import { explainRust } from './explain.ts'
import {
  type CargoMetadata,
  type CargoPackage,
  choosePackages,
  listExecutables,
  packageOf,
  packageSpec,
} from './metadata.ts'
import { linkerProblem } from './own-linker.ts'
import { describeBuildTarget, describeConfig, describeMachineFlags } from './remarks.ts'
import {
  cargoEnv,
  type RustSysroot,
  type RustTarget,
  readSysroot,
  readTarget,
  rustcCommand,
  rustTriple,
} from './target.ts'
import { pinnedChannel, toolchainRemarks } from './toolchain-file.ts'

/** A cargo package or workspace. */
export interface RustProject extends Project {
  readonly language: 'rust'
  /** What cargo's `-p` takes, by the name of the package. */
  readonly packageSpecs: ReadonlyMap<string, string>
  readonly cargoVersion: string
  /** The commit that rustc was built from: a part of the paths that the standard library's panics name. */
  readonly rustcCommit: string
  readonly workspaceRoot: string
  readonly targetDirectory: string
  readonly cargoHome: string
  /** By platform id. */
  readonly targets: ReadonlyMap<string, RustTarget>
  readonly sysroot: RustSysroot
  /** C code that is likely but not certain. */
  readonly possibleCCode: readonly CCode[]
  /** Set where a C toolchain may be needed. */
  readonly cToolchains?: FoundCToolchains
  /** Set where bindgen is among the dependencies. */
  readonly bindgen?: Bindgen
  /** The C tools that the user names for no target in particular. */
  readonly hostTools?: readonly string[]
  readonly needsAllocator: boolean
  /** RUSTFLAGS or CARGO_ENCODED_RUSTFLAGS of the environment, which hides every other source of flags. */
  readonly environmentFlags?: { readonly variable: string; readonly flags: readonly string[] }
  /** The folder for compiler wrappers. */
  readonly scripts: string
  readonly processors: number
}

/** The first cargo that takes several --target at once. */
const oldestCargo = '1.64.0'

/**
 * Reads a cargo project: `cargo metadata --no-deps`, Cargo.lock, cargo's configuration files and, for each platform,
 * whether rustc has a standard library for it. Nothing is compiled, downloaded or written, and no program that the
 * project's configuration names is run.
 * @throws {Failure} project, when cargo does not understand it; tool, when cargo is missing or too old.
 */
export async function inspectRust(given: string, context: InspectContext): Promise<RustProject> {
  // cargo looks for its configuration above the folder itself, not above a link to it.
  const dir = await realpath(given).catch(() => given)
  const { signal, options, platforms } = context
  const env = cargoEnv(context)
  const triples = [...new Set(platforms.map(platform => rustTriple(platform, options.rust.libc)))]
  const asking = ask(dir, 'cargo', ['-V'], context)
  asking.catch(() => {}) // thrown below, unless a file of the project is wrong
  // The first call makes rustup install what was chosen, which two at once do to each other's harm.
  if (env['RUSTUP_TOOLCHAIN'] || (await pinnedChannel(dir)) !== undefined) await asking
  const config = await readCargoConfig(dir, env)
  const answers = Promise.all([
    ask(dir, 'cargo', ['metadata', '--format-version', '1', '--no-deps'], context),
    ask(dir, rustcCommand(context), ['-vV'], context),
    Promise.all(triples.map(triple => readTarget(dir, triple, config, context))),
  ])
  answers.catch(() => {}) // thrown below: what cargo -V says comes first
  const cargo = /^cargo (\d+\.\d+\.\d+)/.exec(await asking)?.[1] ?? '0'
  checkVersion(cargo)
  const [metadataText, rustc, read] = await answers
  const metadata = JSON.parse(metadataText) as CargoMetadata
  const packages = choosePackages(metadata, dir, options.rust.package)
  const executables = packages.flatMap(item => listExecutables(item, options.rust)).sort(byName)
  const programs = { packages, executables }
  const dependencies = await readDependencies(dir, metadata.workspace_root, programs, triples, context)
  const targets = new Map(
    platforms.map(platform => {
      const triple = rustTriple(platform, options.rust.libc)
      return [platform.id, read[triples.indexOf(triple)]?.target as RustTarget]
    }),
  )
  const libdir = read.find(item => item.libdir !== undefined)?.libdir
  const host = /^host: (\S+)$/m.exec(rustc)?.[1] ?? ''
  const there = libdir === undefined ? { rustup: false, rustLld: false } : readSysroot(libdir, host)
  const compilesC = dependencies.cCode.length + dependencies.possibleCCode.length > 0
  const mayNeedC =
    compilesC ||
    dependencies.bindgen ||
    [...targets.values()].some(target => !target.linker && !(target.selfContained && there.rustLld))
  const find = () => findCToolchains(dir, platforms, signal, env)
  const found = mayNeedC ? await find() : undefined
  const byZig = dependencies.cCode.length > 0 && found?.zig !== undefined && options.c.toolchain !== 'gcc'
  const sysroot = byZig ? there : await checkLinker(there, targets, dir, context)
  const cToolchains = found ?? (sysroot.rustLldProblem === undefined ? undefined : await find())
  const environmentFlags = readEnvironmentFlags(env)
  const scriptEnv = buildScriptEnv(config, env)
  const release = /^release: (\S+)$/m.exec(rustc)?.[1]
  const program = chooseDefault(packages, executables)
  const version = packages.find(item => program && item.name === packageOf(program))?.version
  return {
    language: 'rust',
    root: dir,
    executables,
    ...(program && { defaultExecutable: program.name }),
    toolchain: { name: 'rustc', version: /^rustc (\S+)/.exec(rustc)?.[1] ?? 'unknown' },
    cCode: dependencies.cCode,
    ...(version !== undefined && { version }),
    remarks: [
      ...dependencies.remarks,
      ...describeConfig(config, targets, executables),
      ...describeBuildTarget(config, env, triples),
      ...describeMachineFlags({ env: scriptEnv, environmentFlags, targets, platforms, compilesC }),
      ...(release ? await toolchainRemarks(dir, release, sysroot.rustup) : []),
    ],
    packageSpecs: new Map(packages.map(item => [item.name, packageSpec(item)])),
    cargoVersion: cargo,
    rustcCommit: /^commit-hash: (\w+)$/m.exec(rustc)?.[1] ?? '',
    workspaceRoot: metadata.workspace_root,
    targetDirectory: metadata.target_directory,
    cargoHome: cargoHome(env),
    targets,
    sysroot,
    possibleCCode: dependencies.possibleCCode,
    ...(cToolchains && { cToolchains }),
    ...(dependencies.bindgen && {
      bindgen: {
        ...readBindgen(scriptEnv, triples),
        zigLib: cToolchains?.zig && (await findZigLib(cToolchains.zig, dir, signal)),
      },
    }),
    hostTools: ['CC', 'CXX', 'AR'].filter(name => scriptEnv[name]),
    needsAllocator: dependencies.needsAllocator,
    ...(environmentFlags && { environmentFlags }),
    scripts: join(cacheFolder(), 'compilers'),
    processors: availableParallelism(),
  }
}

/** The toolchain without its own linker, where a target is to be linked by that and it does not start. */
async function checkLinker(
  sysroot: RustSysroot,
  targets: ReadonlyMap<string, RustTarget>,
  dir: string,
  context: InspectContext,
): Promise<RustSysroot> {
  const links = ({ linker, selfContained, triple }: RustTarget) =>
    !linker && selfContained && triple !== sysroot.host
  if (!sysroot.rustLld || context.options.rust.libc !== 'musl' || ![...targets.values()].some(links))
    return sysroot
  const rustLldProblem = await linkerProblem(sysroot, dir, context)
  return rustLldProblem === undefined ? sysroot : { ...sysroot, rustLld: false, rustLldProblem }
}

/** default-run where one package alone has it, else the only program that `cargo build` would make. */
function chooseDefault(
  packages: readonly CargoPackage[],
  executables: readonly Executable[],
): Executable | undefined {
  const defaults = [...new Set(packages.flatMap(item => item.default_run ?? []))]
  if (defaults.length > 0)
    return defaults.length === 1 ? executables.find(({ name }) => name === defaults[0]) : undefined
  const buildable = executables.filter(({ problem }) => problem === undefined)
  return buildable.length === 1 ? buildable[0] : undefined
}

const byName = (a: Executable, b: Executable) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/**
 * What cargo or rustc prints, in the folder and the environment that the project is compiled in.
 * @throws {Failure} tool, when it is missing or its toolchain is; project, when the command fails.
 */
async function ask(
  dir: string,
  tool: string,
  args: readonly string[],
  { options, signal, run: runTool = run }: InspectContext,
): Promise<string> {
  const command = { tool, args, cwd: dir, env: options.rust.env }
  const result = await runTool(command, { signal, keep: 64 * 1024 * 1024 }).catch(cargoMissing)
  if (result.ok) return result.stdout
  const missingToolchain = /toolchain '?([^' ]+)'? is not installed/.exec(result.stderr)
  throw new Failure({
    kind: missingToolchain ? 'tool' : 'project',
    what: missingToolchain
      ? `The Rust toolchain ${missingToolchain[1]} is not installed`
      : `${tool} cannot read the project`,
    where: dir,
    why: explainRust(result.stderr) || result.stderr.trim(),
    fix: missingToolchain
      ? `rustup toolchain install ${missingToolchain[1]}`
      : `fix that; \`${[tool, ...args].join(' ')}\` shows the same`,
  })
}

function cargoMissing(error: unknown): never {
  if (!isFailure(error, 'tool')) throw error
  throw new Failure({
    kind: 'tool',
    what: error.what,
    where: error.where,
    why: 'a Rust project is compiled with cargo and rustc',
    fix: 'install Rust: https://rustup.rs, or apt-get install cargo; or compile on a builder of docker buildx: --compile-on auto',
    cause: error,
  })
}

function checkVersion(cargo: string): void {
  if (compareVersions(cargo, oldestCargo) >= 0) return
  throw new Failure({
    kind: 'tool',
    what: `cargo ${cargo} is too old`,
    why: `xbuild needs ${oldestCargo} or later, which compiles for several targets at once`,
    fix: 'rustup update',
  })
}

/** The variable that hides every other source of flags for rustc, and its flags. */
export function readEnvironmentFlags(env: NodeJS.ProcessEnv): RustProject['environmentFlags'] {
  const encoded = env['CARGO_ENCODED_RUSTFLAGS']
  const plain = env['RUSTFLAGS']
  if (encoded !== undefined) {
    const flags = encoded === '' ? [] : encoded.split('\x1f')
    return { variable: 'CARGO_ENCODED_RUSTFLAGS', flags }
  }
  return plain === undefined ? undefined : { variable: 'RUSTFLAGS', flags: flagList(plain) }
}
