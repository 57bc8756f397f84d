import { isAbsolute, join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { CompileRequest, Project } from '../../languages/language.ts'
import type { RustProject } from '../../languages/rust/project.ts'
import type { RustTarget } from '../../languages/rust/target.ts'
import { pinnedChannel } from '../../languages/rust/toolchain-file.ts'
import type { Command, Step } from '../../types.ts'
import { type BuilderLanguage, stageFolders } from './builder-language.ts'
import { isWithin } from './reads/read-path.ts'
import { rustReads, unsentConfig, workspaceRootOf } from './reads/rust.ts'

/** Folders of crates: the image's own CARGO_HOME has its programs and its configuration, which stay. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a Dockerfile's
const cargoHome = '${CARGO_HOME:-/root/.cargo}'

/** Rust: the official image, with the standard library of the target added by its rustup. */
export const rustOnBuilder: BuilderLanguage = {
  image: version =>
    /^\d+\.\d+\.\d+$/.test(version)
      ? { reference: `rust:${version}` }
      : { missing: noImageOf(`rustc ${version}`) },
  elsewhere,
  // Whatever channel rust-toolchain.toml names: it is this version of it, and the only one in the image.
  // A wrapper that the repository's .cargo/config.toml names is in no official image.
  imageEnv: version => ({ RUSTUP_TOOLCHAIN: version, RUSTC_WRAPPER: '', RUSTC_WORKSPACE_WRAPPER: '' }),
  comparesTimes: true,
  env: () => ({ ...carried(process.env), CARGO_TARGET_DIR: `${stageFolders.caches}/target` }),
  programs: () => ofSccache(process.env),
  caches: () => [
    { name: 'cargo-target', target: `${stageFolders.caches}/target`, perPlatform: true, locked: true },
    { name: 'cargo-registry', target: `${cargoHome}/registry`, perPlatform: false },
    { name: 'cargo-git', target: `${cargoHome}/git`, perPlatform: false },
  ],
  top: (dir, project) => (project as RustProject | undefined)?.workspaceRoot ?? workspaceRootOf(dir),
  reads: (dir, _, project) => rustReads(dir, project),
  unsent: unsentConfig,
  named: { file: 'Cargo.toml', pattern: /^\s*name\s*=\s*["']([^"']+)/m },
  imageFor: async dir => imageOfChannel(await pinnedChannel(dir)),
  ready: ({ official }) => `${official ? ownToolchain : ''}${sharedLocks}`,
  downloads: ['cargo-registry', 'cargo-git'],
  outputs: project => [(project as RustProject).targetDirectory],
  prepare: addStd,
  gather: ({ command, produces }) =>
    produces.map(({ name }) => join(`${stageFolders.caches}/target`, outputFolder(command), name)),
}

/**
 * Several cargos may use one registry, for they lock files next to it: those are moved into it, so that the commands of
 * several stages lock the same ones.
 */
const sharedLocks = `for lock in .package-cache .package-cache-mutate; do ln -sf registry/$lock "\${CARGO_HOME:-/root/.cargo}/$lock"; done; `

/** The official images name the only toolchain that they have; another one, of rust-toolchain.toml, rustup would download. */
const ownToolchain = '[ -z "$RUST_VERSION" ] || export RUSTUP_TOOLCHAIN="$RUST_VERSION"; '

/** The official image of a channel, as rustup has them: `1.83`, `stable`, `nightly-2026-01-02`, and a host behind. */
function imageOfChannel(channel = 'stable'): ReturnType<BuilderLanguage['image']> {
  const [, version] = /^(\d+\.\d+(?:\.\d+)?)(?:-[a-z]\w*-.*)?$/.exec(channel) ?? []
  if (version !== undefined) return { reference: `rust:${version}` }
  if (/^stable(?:-[a-z]\w*-.*)?$/.test(channel)) return { reference: 'rust:latest' }
  return { missing: noImageOf(`Rust ${channel}`) }
}

const noImageOf = (what: string) =>
  `the official images are of releases, and there is none of ${what}${what.includes('nightly') ? '; the newest nightly is in rustlang/rust:nightly' : ''}`

/** Cargo's variables of profiles, registries and the network; those of programs and folders are this machine's own. */
function carried(env: NodeJS.ProcessEnv): Record<string, string> {
  const isCarried = (name: string) =>
    name === 'RUSTC_BOOTSTRAP' ||
    (/^CARGO_(?:PROFILE|REGISTR(?:Y|IES)|NET|HTTP|UNSTABLE)_/.test(name) &&
      !/_(?:PROVIDERS?|PATH|CAINFO)$/.test(name))
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value && isCarried(name) ? [[name, value]] : [])),
  )
}

/** A wrapper of rustc, and where sccache keeps what it has; its own folders and ports are this machine's. */
function ofSccache(env: NodeJS.ProcessEnv): Record<string, string> {
  const isOfIt = (name: string) =>
    /^(?:RUSTC_(?:WORKSPACE_)?WRAPPER$|SCCACHE_)/.test(name) && !/_(?:DIR|PORT|UDS|CONF|LOG)$/.test(name)
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value && isOfIt(name) ? [[name, value]] : [])),
  )
}

/** rustup's toolchains have their own linker, and libc for musl: what the image lacks, the compile itself says. */
function elsewhere(project: Project, { executables, options }: CompileRequest): RustProject {
  const { cToolchains: _, bindgen: __, ...rest } = project as RustProject
  const chosen = new Set(executables.map(item => item.package))
  const certain = rest.cCode.find(code => code.executables?.some(name => chosen.has(name)) ?? true)
  if (certain || options.rust.libc === 'gnu') {
    throw new Failure({
      kind: 'usage',
      what: `--compile-on builder compiles ${certain ? 'no crate with C code' : 'Rust for musl alone'}`,
      where: rest.root,
      why: `${certain ? `the crate ${certain.dependency} has some` : '[rust] libc = "gnu"'}, and the official image has no C toolchain for other platforms`,
      fix: '--compile-on host',
    })
  }
  return {
    ...rest,
    possibleCCode: [],
    targets: new Map(
      [...rest.targets].map(([id, target]) => [
        id,
        { ...onStage(target, rest.workspaceRoot), std: 'installed' as const, selfContained: true },
      ]),
    ),
    sysroot: { rustup: true, rustLld: true },
    cargoHome: '/usr/local/cargo',
    targetDirectory: `${stageFolders.caches}/target`,
  }
}

/** A target without the linker and the flags that only this machine's variables and files have. */
function onStage(target: RustTarget, sent: string): RustTarget {
  const isFileElsewhere = (source: string) => isAbsolute(source) && !isWithin(sent, source)
  const { linker, hiddenRustflags, flagSources, ...rest } = target
  const isSent = linker !== undefined && isAbsolute(linker.source) && isWithin(sent, linker.source)
  // Flags are hidden only where no others count, so that their sources are all there is.
  const hidden = flagSources.filter(({ source }) => !isFileElsewhere(source)).flatMap(({ flags }) => flags)
  return {
    ...rest,
    ...(isSent && { linker }),
    flagSources,
    hiddenRustflags: hiddenRustflags.length > 0 ? hidden : [],
  }
}

function triplesOf({ args }: Command): string[] {
  return args.flatMap((word, at) => (word === '--target' ? [args[at + 1] ?? ''] : []))
}

function addStd({ command }: Step): string[] {
  return triplesOf(command).map(
    triple =>
      `RUN test -d "$(rustc --print target-libdir --target ${triple})" || rustup target add ${triple} || { echo "xbuild: this image has no standard library for ${triple}, and no rustup that adds it"; exit 127; }`,
  )
}

/** Below the target folder: the triple, and the profile by the name of its folder (Cargo book, "Profiles"). */
function outputFolder(command: Command): string {
  const { args } = command
  const own = args.indexOf('--target-dir')
  const profile = args.includes('--profile') ? (args[args.indexOf('--profile') + 1] ?? '') : 'release'
  const folders: Readonly<Record<string, string>> = { dev: 'debug', test: 'debug', bench: 'release' }
  const below = own < 0 ? '' : (args[own + 1] ?? '').replace(`${stageFolders.caches}/target`, '')
  return join(below, triplesOf(command)[0] ?? '', folders[profile] ?? profile)
}
