import { stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { BaseLookup } from '../base/lookup.ts'
import { findCommands } from '../c-toolchains/gcc.ts'
import { findZig } from '../c-toolchains/zig.ts'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import type { BuilderFacts } from '../image/buildx/builder.ts'
import type { Language, Project } from '../languages/language.ts'
import { type FoundBuilder, readBuilder } from './backend.ts'
import { lockBase } from './locked-bases.ts'
import { builderLanguages } from './on-builder/index.ts'
import type { StageFacts } from './on-builder/stage.ts'
import { git } from './run-git.ts'

/** Where a build compiles. */
export interface CompilePlace {
  readonly found: FoundBuilder
  /** The builder that compiles; absent where this machine does. */
  readonly builder?: BuilderFacts
}

/**
 * Decides where compilers run, and looks for the builder, which packs too. With `auto` it is the builder where this machine
 * lacks the toolchain and a builder answers.
 * @throws {Failure} tool or image, when the builder that is to compile does not answer.
 */
export async function findCompilePlace(
  options: Options,
  language: Language,
  signal: AbortSignal,
): Promise<CompilePlace> {
  const { place } = options.compile
  const wanted =
    place === 'builder' || (place === 'auto' && !(await hasToolchain(language, options.dir, signal)))
  if (!wanted) return { found: await readBuilder(options, signal) }
  const backend = options.backend === 'oci' ? 'auto' : options.backend
  const found = await readBuilder({ ...options, backend }, signal)
  if (found !== undefined && !(found instanceof Failure)) return { found, builder: found }
  if (place === 'builder' && found) throw found
  return { found }
}

async function hasToolchain({ name, versionCommand }: Language, dir: string, signal: AbortSignal) {
  if (name === 'zig') return (await findZig(dir, signal)) !== undefined
  return findCommands([versionCommand.tool], process.env['PATH'] ?? '').size > 0
}

/**
 * What the stages of a project have in common: the image of its toolchain and the folder that is sent.
 * @throws {Failure} tool, when no image has the toolchain; registry, when its digest cannot be had.
 */
export async function readStageFacts(
  project: Project,
  { compile, dist, dir, image: { pin }, lock, toolchainArgs }: Options,
  lookUpBase: BaseLookup,
  signal: AbortSignal,
): Promise<StageFacts> {
  const language = builderLanguages[project.language]
  const reference = compile.image ?? officialImage(project)
  const base = lockBase({ reference, family: 'other', predicted: false, reason: '' }, lock)
  const digest =
    base.digest ?? (pin && !reference.includes('@') ? (await lookUpBase(reference)).digest : undefined)
  const cdup = await git(dir, ['rev-parse', '--show-cdup'], signal)
  const tops = [language.top(project), ...(cdup.ok ? [resolve(dir, cdup.text)] : [])]
  // Both are above the project, so the shorter one is above the other.
  const root = tops.sort((a, b) => a.length - b.length)[0] ?? dir
  const outputs = [dist, ...language.outputs(project)].flatMap(path => below(root, path))
  return {
    image: digest === undefined ? reference : `${reference}@${digest}`,
    root,
    ignore: [...outputs, ...(await repositoryRules(root, toolchainArgs)), ...compile.exclude],
  }
}

function officialImage({ language, toolchain: { name, version } }: Project): string {
  const image = builderLanguages[language].image(version)
  if ('reference' in image) return image.reference
  throw new Failure({
    kind: 'usage',
    what: `There is no image to compile with on the builder, for ${name} ${version}`,
    why: image.missing,
    fix: `[toolchain] image = "…" in xbuild.toml names one that has ${name}, or --compile-on host`,
  })
}

function below(root: string, path: string): string[] {
  const found = relative(root, path)
  return found === '' || found.startsWith('..') ? [] : [found]
}

/**
 * The repository goes along, for Go asks it for the commit; without hooks, and without the configuration, in which CI
 * systems keep tokens. That of a linked worktree or a submodule lies elsewhere and cannot.
 */
async function repositoryRules(root: string, toolchainArgs: readonly string[]): Promise<string[]> {
  const found = await stat(join(root, '.git')).catch(() => undefined)
  if (!found) return []
  if (found.isFile() || toolchainArgs.includes('-buildvcs=false')) return ['.git']
  return ['.git/config', '.git/hooks', '.git/logs']
}
