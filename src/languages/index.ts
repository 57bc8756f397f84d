import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Failure } from '../errors.ts'
import { checkRegular } from '../util/read-file.ts'
import { go } from './go/index.ts'
import type { Language } from './language.ts'
import type { LanguageName } from './options.ts'
import { rust } from './rust/index.ts'
import { withVariants } from './variants.ts'
import { zig } from './zig/index.ts'

export { checkToolchainArgs } from './own-flags.ts'

/** Every language xbuild compiles. */
export const languages: Readonly<Record<LanguageName, Language>> = {
  go: withVariants(go),
  rust: withVariants(rust),
  zig: withVariants(zig),
}

/**
 * The language of the project in `dir`, by its marker files.
 * @throws {Failure} project, when there is none, or two and none is chosen.
 */
export async function detectLanguage(dir: string, chosen?: LanguageName): Promise<Language> {
  const names = await listFolder(dir)
  const found = Object.values(languages).filter(language =>
    language.markers.some(marker => names.has(marker)),
  )
  const markers = Object.values(languages).flatMap(language => language.markers)
  if (chosen) {
    const language = languages[chosen]
    if (found.includes(language)) return language
    throw new Failure({
      kind: 'project',
      what: `There is no ${language.title} project in ${dir}`,
      why: noMarker(language.markers),
      fix: found[0] ? `--lang ${found[0].name}` : 'xbuild DIR, with the folder of the project',
    })
  }
  if (found.length === 1) return found[0] as Language
  if (found.length > 1) {
    throw new Failure({
      kind: 'project',
      what: `${dir} has projects in ${found.map(language => language.title).join(' and ')}`,
      where: found.map(language => language.markers.find(marker => names.has(marker))).join(', '),
      why: 'xbuild does not guess which one you mean',
      fix: found.map(language => `xbuild --lang ${language.name}`).join('\n'),
    })
  }
  const parent = await projectAbove(dir, markers)
  throw new Failure({
    kind: 'project',
    what: `There is no ${titles()} project in ${dir}`,
    why: noMarker(markers),
    fix: parent
      ? `xbuild ${relative(process.cwd(), parent) || '.'}`
      : 'xbuild DIR, with the folder of the project',
  })
}

/**
 * The project that a folder belongs to. A folder that is not one itself may be a program of the project above, as
 * `go build ./cmd/app` names it: then `bin` names that program.
 */
export async function locateProject(dir: string): Promise<{ readonly dir: string; readonly bin?: string }> {
  const names = await readdir(dir).catch((): string[] => [])
  for (const { markers, programFile } of Object.values(languages)) {
    if (!programFile || !names.some(name => name.endsWith(programFile))) continue
    if (Object.values(languages).some(other => other.markers.some(marker => names.includes(marker)))) break
    const parent = await projectAbove(dir, markers)
    if (parent) return { dir: parent, bin: `./${relative(parent, dir)}` }
  }
  return { dir }
}

function noMarker(markers: readonly string[]): string {
  return markers.length === 1 ? `it has no ${markers[0]}` : `it has none of ${markers.join(', ')}`
}

/** "Go, Rust or Zig". */
function titles(): string {
  return new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
    Object.values(languages).map(({ title }) => title),
  )
}

/** Names of files that a toolchain reads before it does anything else. */
const ofToolchain =
  /\.go$|^go\.(mod|sum|work)$|^Cargo\.(toml|lock)$|^rust-toolchain(\.toml)?$|^build\.zig(\.zon)?$/

/** @throws {Failure} usage, for a folder that cannot be read, and for sources that no toolchain could read to an end. */
async function listFolder(dir: string): Promise<Set<string>> {
  const entries = await readFolder(dir)
  const odd = entries.filter(entry => !entry.isFile() && ofToolchain.test(entry.name))
  const settings = ['.cargo/config.toml', '.cargo/config']
  for (const name of [...odd.map(entry => entry.name), ...settings]) await checkRegular(join(dir, name))
  return new Set(entries.map(({ name }) => name))
}

async function readFolder(dir: string) {
  try {
    return await readdir(dir, { withFileTypes: true })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Failure({
      kind: 'usage',
      what: code === 'ENOENT' ? `There is no folder ${dir}` : `${dir} cannot be read as a folder`,
      why: code === 'ENOENT' ? undefined : message,
      fix: `xbuild DIR, with the folder of a ${titles()} project`,
      cause: error,
    })
  }
}

async function projectAbove(dir: string, markers: readonly string[]): Promise<string | undefined> {
  for (let folder = join(dir, '..'); ; folder = join(folder, '..')) {
    const names = await readdir(folder).catch((): string[] => [])
    if (names.some(name => markers.includes(name))) return folder
    if (names.includes('.git') || folder === join(folder, '..')) return undefined
  }
}
