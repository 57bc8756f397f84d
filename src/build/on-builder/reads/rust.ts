import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Project } from '../../../languages/language.ts'
import { type CargoConfigFile, cargoHome, readCargoConfig } from '../../../languages/rust/cargo-config.ts'
import type { RustProject } from '../../../languages/rust/project.ts'
import { readTextIfThere } from '../../../util/read-file.ts'
import { isWithin, type ReadPath } from './read-path.ts'

type Table = Readonly<Record<string, unknown>>

/** The root of the workspace that a folder's package is in, as cargo finds it without being asked: the nearest one above. */
export function workspaceRootOf(dir: string): string {
  for (let folder = dir; ; folder = dirname(folder)) {
    const file = join(folder, 'Cargo.toml')
    if (existsSync(file) && /^\s*\[workspace[\].]/m.test(readFileSync(file, 'utf8'))) return folder
    if (folder === dirname(folder)) return dir
  }
}

/**
 * What cargo reads besides a project's own folder: members, dependencies and patches by path, those that they depend on by
 * path, too, and what cargo's configuration names.
 */
export async function rustReads(dir: string, project?: Project): Promise<ReadPath[]> {
  const rust = project as RustProject | undefined
  const members = [...(rust?.packageSpecs.values() ?? [])].flatMap(folderOfSpec)
  const own = new Set([dir, rust?.workspaceRoot ?? workspaceRootOf(dir), ...members])
  const queue = [...own]
  const reads: ReadPath[] = members.map(path => ({ path, by: 'members of the workspace' }))
  const seen = new Set<string>()
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    if (seen.has(folder)) continue
    seen.add(folder)
    const file = join(folder, 'Cargo.toml')
    const manifest = await readToml(file)
    const { folders, files } = pathsOf(manifest, own.has(folder))
    const named = [...folders, ...files].map(path => ({ path: resolve(folder, path), by: file }))
    reads.push(...named)
    queue.push(...folders.map(path => resolve(folder, path)))
  }
  const configs = await readCargoConfig(dir)
  return [...reads, ...configs.flatMap(configReads)]
}

/**
 * What to say of cargo's configuration that a builder does not get: it lies above all that is sent, or in CARGO_HOME.
 * @param secrets the ids of --secret
 */
export async function unsentConfig(dir: string, root: string, secrets: readonly string[]): Promise<string[]> {
  const home = cargoHome()
  const files = (await readCargoConfig(dir)).filter(({ path }) => !isWithin(root, path))
  return files.flatMap(({ path, table }) => {
    const isOfHome = dirname(path) === home
    const tables = Object.keys(table)
    if (tables.length === 0 || (isOfHome && secrets.includes('cargo-config'))) return []
    const way = isOfHome
      ? `--secret id=cargo-config,src=${path} gives it to cargo there`
      : `only ${root} is sent`
    return [`${path} does not count on the builder ([${tables.join('], [')}]): ${way}`]
  })
}

/** `path+file:///src/app#0.1.0`, `file:///src/app#app:0.1.0`. */
function folderOfSpec(spec: string): string[] {
  const [, url] = /\b(file:\/\/[^#)]+)/.exec(spec) ?? []
  return url === undefined ? [] : [fileURLToPath(url)]
}

/**
 * The folders of packages that a manifest names by path, and its files of sources outside of their usual places.
 * @param isMember whether it is of the project: for others cargo does not look at what tests depend on
 */
function pathsOf(
  manifest: Table,
  isMember: boolean,
): { readonly folders: string[]; readonly files: string[] } {
  const workspace = tableOf(manifest['workspace'])
  const own = tableOf(manifest['package'])
  const sets = [manifest, workspace, ...Object.values(tableOf(manifest['target'])).map(tableOf)]
  const dependencies = sets.flatMap(set =>
    ['dependencies', 'build-dependencies', 'build_dependencies', ...(isMember ? ofTests : [])].map(name =>
      tableOf(set[name]),
    ),
  )
  const patches = [...Object.values(tableOf(manifest['patch'])), manifest['replace']].map(tableOf)
  const targets = ['bin', 'lib'].flatMap(name => [manifest[name] ?? []].flat())
  return {
    folders: [
      ...[...dependencies, ...patches].flatMap(table => Object.values(table).flatMap(pathOf)),
      ...[workspace['members'] ?? []].flat().flatMap(plainPart),
      ...textOf(own['workspace']),
    ],
    files: [...targets.flatMap(pathOf), ...textOf(own['build'])],
  }
}

const ofTests = ['dev-dependencies', 'dev_dependencies']

/** A member up to its first wildcard: what that stands for lies below. */
function plainPart(member: unknown): string[] {
  return textOf(member).map(text => text.replace(/[^/]*[*?[].*$/, '') || '.')
}

/** Folders that configuration names, by the folder above `.cargo` (Cargo book, "Config-relative paths"). */
function configReads({ path, table }: CargoConfigFile): ReadPath[] {
  if (dirname(path) === cargoHome()) return []
  const patches = Object.values(tableOf(table['patch'])).flatMap(set => Object.values(tableOf(set)))
  const sources = Object.values(tableOf(table['source'])).map(tableOf)
  const paths = [
    ...[table['paths'] ?? []].flat().flatMap(textOf),
    ...patches.flatMap(pathOf),
    ...sources.flatMap(source => [...textOf(source['directory']), ...textOf(source['local-registry'])]),
  ]
  return paths.map(found => ({ path: resolve(dirname(path), '..', found), by: path }))
}

async function readToml(file: string): Promise<Table> {
  const text = await readTextIfThere(file)
  if (text === undefined) return {}
  const { default: toml } = await import('toml')
  try {
    return toml.parse(text) as Table
  } catch {
    return {} // what is wrong with it, cargo says
  }
}

const tableOf = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {}
const textOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : [])
const pathOf = (value: unknown): string[] => textOf(tableOf(value)['path'])
