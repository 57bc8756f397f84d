import { dirname, join, resolve } from 'node:path'
import { Failure } from '../../errors.ts'
import { homeFolder } from '../../util/cache-folder.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import { matchesCfg, targetCfg } from './cargo-cfg.ts'

type Table = Readonly<Record<string, unknown>>

/** One configuration file of cargo's hierarchy, parsed. */
export interface CargoConfigFile {
  readonly path: string
  readonly table: Table
}

/** A variable, or a configuration file, and its flags for rustc. */
export interface FlagSource {
  readonly source: string
  readonly flags: readonly string[]
}

/** What the user's cargo configuration says of one target. */
export interface CargoTargetConfig {
  /** The linker and where it was set, where one was. */
  readonly linker?: { readonly value: string; readonly source: string }
  /** What the user's CARGO_TARGET_<TRIPLE>_RUSTFLAGS says, which must be repeated where that variable is set. */
  readonly ownRustflags: readonly string[]
  /**
   * Flags that must be repeated with any flags for the target: those hide `build.rustflags`, while those of `[target]`
   * tables are joined with them (tried with cargo 1.95).
   */
  readonly hiddenRustflags: readonly string[]
  /** All flags that count for the target, those of `[target]` tables, too, by the variable or file that has them. */
  readonly flagSources: readonly FlagSource[]
  /** Whether `rustflags` of the `[target.TRIPLE]` table is a string and not a list. */
  readonly flagsAreString: boolean
}

/** CARGO_HOME, or its default. */
export function cargoHome(env: NodeJS.ProcessEnv = process.env): string {
  return env['CARGO_HOME'] || join(homeFolder(env) ?? '/', '.cargo')
}

/**
 * Reads cargo's configuration files for a folder, nearest first: `.cargo/config.toml` of it and of each folder above,
 * then CARGO_HOME's (Cargo book, "Hierarchical structure"). A file's `include`s follow it.
 * @throws {Failure} project, when one is not valid TOML.
 */
export async function readCargoConfig(dir: string, env: NodeJS.ProcessEnv = process.env) {
  const folders: string[] = []
  for (let folder = resolve(dir); ; folder = dirname(folder)) {
    folders.push(join(folder, '.cargo'))
    if (folder === dirname(folder)) break
  }
  const home = cargoHome(env)
  const files: CargoConfigFile[] = []
  for (const folder of [...folders.filter(name => name !== home), home]) {
    // The name without an ending is the older one, and wins where there are both.
    const file = (await readConfig(join(folder, 'config'))) ?? (await readConfig(join(folder, 'config.toml')))
    if (file) files.push(file, ...(await readIncludes(file)))
  }
  return files
}

/** @param seen each file is read once: they may name each other, and each any number of times */
async function readIncludes(
  { path, table }: CargoConfigFile,
  depth = 0,
  seen: Set<string> = new Set([path]),
): Promise<CargoConfigFile[]> {
  const includes = [table['include'] ?? []].flat().map(item => (isTable(item) ? item['path'] : item))
  const files: CargoConfigFile[] = []
  // What is included later wins over what is included earlier.
  for (const include of includes.reverse()) {
    if (typeof include !== 'string' || depth > 8) continue
    const named = join(dirname(path), include)
    if (seen.has(named)) continue
    seen.add(named)
    const file = await readConfig(named)
    if (file) files.push(file, ...(await readIncludes(file, depth + 1, seen)))
  }
  return files
}

async function readConfig(path: string): Promise<CargoConfigFile | undefined> {
  const text = await readTextIfThere(path)
  if (text === undefined) return undefined
  const { default: toml } = await import('toml')
  try {
    return { path, table: toml.parse(text) as Table }
  } catch (error) {
    throw new Failure({
      kind: 'project',
      what: `${path} is not valid TOML`,
      where: path,
      why: (error as Error).message,
      fix: `fix ${path}; cargo reads it, too`,
      cause: error,
    })
  }
}

/**
 * What build scripts find in their environment: `[env]` of the configuration, and the environment itself, which goes before
 * it (Cargo book, "[env]"; `force` is not read).
 */
export function buildScriptEnv(files: readonly CargoConfigFile[], env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const found: Record<string, string> = {}
  for (const { table } of files.toReversed()) {
    const entries = dig(table, ['env'])
    for (const [name, entry] of Object.entries(isTable(entries) ? entries : {})) {
      const value = isTable(entry) ? entry['value'] : entry
      if (typeof value === 'string') found[name] = value
    }
  }
  return { ...found, ...env }
}

/** The first value, nearest file first, that a path of keys leads to. */
export function lookUp(files: readonly CargoConfigFile[], ...keys: string[]) {
  for (const { path, table } of files) {
    const value = dig(table, keys)
    if (value !== undefined) return { value, source: path }
  }
  return undefined
}

function dig(table: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((value, key) => (isTable(value) ? value[key] : undefined), table)
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Flags as cargo takes them: a list, or a string split at spaces. */
export function flagList(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter(item => typeof item === 'string')
  return typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : []
}

/** The part of an environment variable's name that stands for a triple: AARCH64_UNKNOWN_LINUX_MUSL. */
export function envTriple(triple: string): string {
  return triple.toUpperCase().replaceAll('-', '_').replaceAll('.', '_')
}

/** What configuration files and environment variables say of one target. */
export function targetConfig(
  files: readonly CargoConfigFile[],
  triple: string,
  env: NodeJS.ProcessEnv = process.env,
): CargoTargetConfig {
  const linkerVariable = `CARGO_TARGET_${envTriple(triple)}_LINKER`
  const linker = env[linkerVariable]
    ? { value: env[linkerVariable], source: linkerVariable }
    : targetKey(files, triple, 'linker')
  const variable = `CARGO_TARGET_${envTriple(triple)}_RUSTFLAGS`
  const flags = env[variable]
  const tables = targetFlags(files, triple)
  const hidden = flags !== undefined || tables.length > 0 ? [] : buildFlags(files, env)
  return {
    ...(typeof linker?.value === 'string' && { linker: { value: linker.value, source: linker.source } }),
    ownRustflags: flagList(flags),
    hiddenRustflags: hidden.flatMap(item => item.flags),
    flagSources: [{ source: variable, flags: flagList(flags) }, ...tables, ...hidden].filter(
      item => item.flags.length > 0,
    ),
    flagsAreString: typeof lookUp(files, 'target', triple, 'rustflags')?.value === 'string',
  }
}

/** A key of the `[target.TRIPLE]` table, or else of a `[target.'cfg(…)']` table that matches the triple. */
function targetKey(files: readonly CargoConfigFile[], triple: string, key: string) {
  const exact = lookUp(files, 'target', triple, key)
  if (exact) return exact
  const cfg = targetCfg(triple)
  for (const { path, table } of files) {
    const targets = dig(table, ['target'])
    for (const [name, entry] of Object.entries(isTable(targets) ? targets : {})) {
      const value = dig(entry, [key])
      if (name.startsWith('cfg(') && value !== undefined && matchesCfg(name, cfg))
        return { value, source: path }
    }
  }
  return undefined
}

/** `rustflags` of every `[target]` table for the triple: cargo joins them. */
function targetFlags(files: readonly CargoConfigFile[], triple: string): FlagSource[] {
  const cfg = targetCfg(triple)
  return files.flatMap(({ path, table }) => {
    const targets = dig(table, ['target'])
    return Object.entries(isTable(targets) ? targets : {})
      .filter(([name]) => name === triple || (name.startsWith('cfg(') && matchesCfg(name, cfg)))
      .map(([, entry]) => dig(entry, ['rustflags']))
      .filter(value => value !== undefined)
      .map(value => ({ source: path, flags: flagList(value) }))
  })
}

/** `build.rustflags` of all files, in the order in which cargo joins lists: the nearest file's last, then the variable's. */
function buildFlags(files: readonly CargoConfigFile[], env: NodeJS.ProcessEnv): FlagSource[] {
  const variable = 'CARGO_BUILD_RUSTFLAGS'
  return [
    ...files
      .map(({ path, table }) => ({ source: path, flags: flagList(dig(table, ['build', 'rustflags'])) }))
      .reverse(),
    { source: variable, flags: flagList(env[variable]) },
  ]
}
