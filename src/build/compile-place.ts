import { stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { BaseLookup } from '../base/lookup.ts'
import { findCommands } from '../c-toolchains/gcc.ts'
import { findZig } from '../c-toolchains/zig.ts'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import type { BuilderFacts } from '../image/buildx/builder.ts'
import type { Language, Project, RunTool } from '../languages/language.ts'
import { type FoundBuilder, readBuilder } from './backend.ts'
import { lockBase } from './locked-bases.ts'
import type { BuilderLanguage } from './on-builder/builder-language.ts'
import { builderLanguages } from './on-builder/index.ts'
import { readOnStage } from './on-builder/read-on-stage.ts'
import type { StageFacts } from './on-builder/stage.ts'
import { git } from './run-git.ts'

/** Where a build compiles. */
interface CompilePlace {
  readonly found: FoundBuilder
  /** The builder that compiles; absent where this machine does. */
  readonly builder?: BuilderFacts
  /** Set where this machine lacks the toolchain, so that the builder reads the project, too. */
  readonly reading?: StageFacts & { readonly run: RunTool }
}

/**
 * Decides where compilers run, and looks for the builder, which packs too. With `auto` it is the builder where this machine
 * lacks the toolchain and a builder answers.
 * @throws {Failure} tool or image, when the builder that is to compile does not answer; usage, when no image has the toolchain.
 */
export async function findCompilePlace(
  options: Options,
  language: Language,
  signal: AbortSignal,
): Promise<CompilePlace> {
  const { place } = options.compile
  const lacking = place !== 'host' && !(await hasToolchain(language, options.dir, signal))
  if (place === 'host' || (place === 'auto' && !lacking)) return { found: await readBuilder(options, signal) }
  const backend = options.backend === 'oci' ? 'auto' : options.backend
  const found = await readBuilder({ ...options, backend }, signal)
  if (found === undefined || found instanceof Failure) {
    if (place === 'builder' && found) throw found
    return { found }
  }
  return { found, builder: found, ...(lacking && { reading: await readingOn(options, language, signal) }) }
}

async function hasToolchain({ name, versionCommand }: Language, dir: string, signal: AbortSignal) {
  if (name === 'zig') return (await findZig(dir, signal)) !== undefined
  return findCommands([versionCommand.tool], process.env['PATH'] ?? '').size > 0
}

async function readingOn(options: Options, { name }: Language, signal: AbortSignal) {
  const { compile, buildx, dir } = options
  const language = builderLanguages[name]
  const image = compile.image ?? reference(await language.imageFor(dir), name)
  const facts = { image, ...(await sentFiles(language.top(dir), [], options, signal)) }
  const { secrets, ssh } = compile
  const run = readOnStage({ ...facts, language, builder: buildx.builder, secrets, ssh, cwd: process.cwd() })
  return { ...facts, run }
}

/**
 * What the stages of a project have in common: the image of its toolchain and the folder that is sent.
 * @param image what the project was read with, where that was on the builder
 * @throws {Failure} usage, when no image has the toolchain; registry, when its digest cannot be had.
 */
export async function readStageFacts(
  project: Project,
  options: Options,
  image: string | undefined,
  { lookUpBase, signal }: { readonly lookUpBase: BaseLookup; readonly signal: AbortSignal },
): Promise<StageFacts> {
  const { compile, image: shared, lock, dir } = options
  const language = builderLanguages[project.language]
  const { name, version } = project.toolchain
  const chosen = compile.image ?? image ?? reference(language.image(version), `${name} ${version}`)
  const base = lockBase({ reference: chosen, family: 'other', predicted: false, reason: '' }, lock)
  const pins = shared.pin && !chosen.includes('@')
  const digest = base.digest ?? (pins ? (await lookUpBase(chosen)).digest : undefined)
  return {
    image: digest === undefined ? chosen : `${chosen}@${digest}`,
    ...(await sentFiles(language.top(dir, project), language.outputs(project), options, signal)),
  }
}

/** The repository, else the project or its workspace, but for outputs. */
async function sentFiles(
  top: string,
  outputs: readonly string[],
  { dir, dist, toolchainArgs, compile }: Options,
  signal: AbortSignal,
): Promise<Pick<StageFacts, 'root' | 'ignore'>> {
  const cdup = await git(dir, ['rev-parse', '--show-cdup'], signal)
  // Both are above the project, so the shorter one is above the other.
  const tops = [top, ...(cdup.ok ? [resolve(dir, cdup.text)] : [])].sort((a, b) => a.length - b.length)
  const root = tops[0] ?? dir
  return {
    root,
    ignore: [
      ...[dist, ...outputs].flatMap(path => below(root, path)),
      ...(await repositoryRules(root, toolchainArgs)),
      ...compile.exclude,
    ],
  }
}

function reference(image: ReturnType<BuilderLanguage['image']>, what: string): string {
  if ('reference' in image) return image.reference
  throw new Failure({
    kind: 'usage',
    what: `There is no image to compile with on the builder, for ${what}`,
    why: image.missing,
    fix: '[toolchain] image = "…" in xbuild.toml names one that has it, or --compile-on host',
  })
}

function below(root: string, path: string): string[] {
  const found = relative(root, path)
  return found === '' || found.startsWith('..') ? [] : [found]
}

/**
 * The repository goes along, for Go asks it for the commit; without hooks, and without the configuration, in which CI
 * systems keep tokens: neither its own, nor that of submodules and of repositories below. That of a linked worktree or a
 * submodule that is built lies elsewhere and cannot.
 */
async function repositoryRules(root: string, toolchainArgs: readonly string[]): Promise<string[]> {
  if (toolchainArgs.includes('-buildvcs=false')) return ['**/.git']
  const found = await stat(join(root, '.git')).catch(() => undefined)
  return [...(found?.isFile() ? ['.git'] : []), ...privateOfGit]
}

const privateOfGit = ['**/.git', '**/.git/modules/**', '**/.git/worktrees/**'].flatMap(folder =>
  ['config', 'config.worktree', 'hooks', 'logs'].map(name => `${folder}/${name}`),
)
