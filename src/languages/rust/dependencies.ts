import { join } from 'node:path'
import { run } from '../../process.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import type { CCode, Executable, InspectContext } from '../language.ts'
import { hasAllocator, isServer } from './allocator.ts'
import { certainCCode, possibleCCode } from './c-code.ts'
import { isOutOfDate, type LockedPackage, lockedClosure, parseCargoLock } from './cargo-lock.ts'
import { featureArgs } from './features.ts'
import { type CargoPackage, packageOf, packageSpec } from './metadata.ts'
import { rustcCommand } from './target.ts'

/** What the dependencies of the programs mean for a build. */
export interface RustDependencies {
  readonly cCode: readonly CCode[]
  /** C code that is likely but not certain. */
  readonly possibleCCode: readonly CCode[]
  /** Whether a build script reads C headers with bindgen. */
  readonly bindgen: boolean
  /** A server, by its dependencies, without an allocator of its own. */
  readonly needsAllocator: boolean
  readonly remarks: readonly string[]
}

/** Programs, and the packages of the workspace that they are of. */
interface ProgramsOfPackages {
  readonly packages: readonly Pick<CargoPackage, 'id' | 'name' | 'version' | 'dependencies'>[]
  readonly executables: readonly Executable[]
}

/**
 * Reads what the programs depend on: Cargo.lock, and where that names a crate which may compile C, `cargo tree`, which
 * knows platforms, features and kinds of dependency, but only works where the crates have been downloaded.
 */
export async function readDependencies(
  dir: string,
  workspaceRoot: string,
  { packages: members, executables }: ProgramsOfPackages,
  triples: readonly string[],
  context: InspectContext,
): Promise<RustDependencies> {
  const roots = rootsOf(members, executables)
  if (roots.every(({ dependencies }) => dependencies?.length === 0)) return noDependencies
  const packages = await readLock(dir, workspaceRoot, members, context)
  if (typeof packages === 'string') {
    const remark = `${packages}: whether dependencies hold C code shows only when they are compiled`
    const possibleCCode = [{ dependency: 'some dependency', executables: needing(roots, executables) }]
    return { ...noDependencies, possibleCCode, remarks: [remark] }
  }
  const possible = new Map(roots.map(root => [root.name, possibleCCode(packages, [root])]))
  const bindgen = lockedClosure(packages, roots).some(({ name }) => name === 'bindgen')
  const server = roots.some(({ dependencies }) => isServer(dependencies))
  const known = { needsAllocator: server && !hasAllocator(packages, roots), bindgen }
  if ([...possible.values()].every(crates => crates.length === 0)) {
    return { ...known, cCode: [], possibleCCode: [], remarks: [] }
  }
  const specs = roots.map(packageSpec)
  const read = () => readTree(dir, specs, triples, context)
  const tree = (await read()) ?? ((await fetchCrates(dir, context)) ? await read() : undefined)
  const code =
    tree === undefined
      ? { cCode: [], possibleCCode: describe(possible, executables) }
      : { cCode: describe(certainCCode(tree), executables), possibleCCode: [] }
  const remarks = [
    ...downloadRemarks(code.possibleCCode, context),
    ...opensslRemarks([...code.cCode, ...code.possibleCCode], packages, context),
  ]
  return { ...known, ...code, remarks }
}

const noDependencies: RustDependencies = {
  cCode: [],
  possibleCCode: [],
  bindgen: false,
  needsAllocator: false,
  remarks: [],
}

/** The programs of packages that have dependencies, as far as that is known. */
function needing(roots: ProgramsOfPackages['packages'], executables: readonly Executable[]) {
  const names = new Set(
    roots.filter(({ dependencies }) => dependencies?.length !== 0).map(({ name }) => name),
  )
  return executables.filter(item => names.has(packageOf(item))).map(item => item.package)
}

/** The packages that the programs are of. */
function rootsOf(members: ProgramsOfPackages['packages'], executables: readonly Executable[]) {
  const names = new Set(executables.map(packageOf))
  return members.filter(({ name }) => names.has(name))
}

/**
 * The packages of Cargo.lock, or what is wrong with it. Before a build that has none, or one from before a dependency was
 * added, it is written now, as the compile would write it: the linker must be the same in a first build and a second one.
 */
async function readLock(
  dir: string,
  root: string,
  members: ProgramsOfPackages['packages'],
  context: InspectContext,
): Promise<readonly LockedPackage[] | string> {
  const read = async () => {
    const text = await readTextIfThere(join(root, 'Cargo.lock'))
    if (text === undefined) return 'there is no Cargo.lock'
    const packages = parseCargoLock(text)
    return isOutOfDate(packages, members) ? 'Cargo.lock is older than the dependencies' : packages
  }
  const first = await read()
  return typeof first === 'string' && (await fetchCrates(dir, context)) ? read() : first
}

/** Downloads what the compile would download, so that what depends on it is known before; false where that failed. */
async function fetchCrates(
  dir: string,
  { options, download, toolchainArgs, signal, onDownload, run: runTool = run }: InspectContext,
) {
  if (!download) return false
  const given = (toolchainArgs ?? []).filter(word => ['--locked', '--offline', '--frozen'].includes(word))
  const args = ['fetch', ...(options.rust.locked ? ['--locked'] : []), ...given]
  // The compile reports what is wrong with it.
  const onStderr = (line: string) => {
    const [, what] = /^\s*(?:Downloading|Downloaded) (.+)$/.exec(line) ?? []
    if (what !== undefined) onDownload?.(what)
  }
  const command = { tool: 'cargo', args, cwd: dir, env: options.rust.env }
  return (await runTool(command, { signal, onStderr })).ok
}

/** On musl another linker may be taken as soon as it is certain that there is no C code, and give another binary. */
function downloadRemarks([first]: readonly CCode[], { options }: InspectContext): string[] {
  if (!first || options.rust.libc !== 'musl') return []
  const { dependency } = first
  return [
    `whether ${dependency} compiles C, and so which linker is taken, is certain only after \`cargo fetch\``,
  ]
}

/** The OpenSSL of a system is for glibc; said early, because openssl-sys looks for it after much has been compiled. */
function opensslRemarks(
  cCode: readonly CCode[],
  packages: readonly LockedPackage[],
  { options }: InspectContext,
): string[] {
  const { libc, env } = options.rust
  const used = cCode.some(({ dependency }) => dependency === 'openssl-sys')
  const vendored = packages.some(({ name }) => name === 'openssl-src')
  const own = Object.keys({ ...process.env, ...env }).some(name => /OPENSSL_(LIB_)?DIR$/.test(name))
  if (!used || vendored || own || libc !== 'musl') return []
  return [
    'openssl-sys needs an OpenSSL compiled for musl; without one, use rustls, or the feature "vendored" of the crate openssl',
  ]
}

function describe(
  crates: ReadonlyMap<string, readonly string[]>,
  executables: readonly Executable[],
): readonly CCode[] {
  const dependencies = new Set([...crates.values()].flat())
  return [...dependencies].sort().map(dependency => ({
    dependency,
    executables: executables
      .filter(item => crates.get(packageOf(item))?.includes(dependency))
      .map(item => item.package),
  }))
}

/** `cargo tree`, or undefined where crates are missing or the lock file is out of date. */
async function readTree(
  dir: string,
  specs: readonly string[],
  triples: readonly string[],
  context: InspectContext,
): Promise<string | undefined> {
  const { options, signal, run: runTool = run } = context
  const args = [
    'tree',
    '--locked',
    '--offline',
    ...['--charset', 'ascii'],
    ...['--edges', 'normal,build,no-proc-macro'],
    ...['--format', '{p}'],
    ...specs.flatMap(spec => ['-p', spec]),
    ...triples.flatMap(triple => ['--target', triple]),
    ...featureArgs(options.rust),
  ]
  // `cargo tree` asks rustc for the target's cfg, through the wrappers that a project's configuration may name.
  const wrappers = { RUSTC: rustcCommand(context), RUSTC_WRAPPER: '', RUSTC_WORKSPACE_WRAPPER: '' }
  const env = { ...options.rust.env, ...wrappers }
  const result = await runTool({ tool: 'cargo', args, cwd: dir, env }, { signal, keep: 16 * 1024 * 1024 })
  return result.ok ? result.stdout : undefined
}
