import { realpath, stat } from 'node:fs/promises'
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
import { identityOf } from './on-builder/identity.ts'
import { ignorePattern } from './on-builder/ignore-pattern.ts'
import { builderLanguages } from './on-builder/index.ts'
import { readOnStage } from './on-builder/read-on-stage.ts'
import { checkReads, isWithin } from './on-builder/reads/read-path.ts'
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
  const official = compile.image === undefined
  const facts = { image, official, ...(await sentFiles(language, undefined, options, signal)) }
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
  const { compile, image: shared, lock } = options
  const language = builderLanguages[project.language]
  const { name, version } = project.toolchain
  const chosen = compile.image ?? image ?? reference(language.image(version), `${name} ${version}`)
  const base = lockBase({ reference: chosen, family: 'other', predicted: false, reason: '' }, lock)
  const pins = shared.pin && !chosen.includes('@')
  const digest = base.digest ?? (pins ? (await lookUpBase(chosen)).digest : undefined)
  return {
    image: digest === undefined ? chosen : `${chosen}@${digest}`,
    official: compile.image === undefined,
    ...(await sentFiles(language, project, options, signal)),
  }
}

/**
 * The repository, else the project or its workspace, but for outputs.
 * @throws {Failure} usage, when the compile reads something that lies elsewhere.
 */
async function sentFiles(
  language: BuilderLanguage,
  project: Project | undefined,
  { dir, dist, toolchainArgs, compile }: Options,
  signal: AbortSignal,
): Promise<Omit<StageFacts, 'image' | 'official'>> {
  const repository = await repositoryOf(dir, signal)
  // Both are above the project, so the shorter one is above the other.
  const tops = [language.top(dir, project), ...(repository ? [repository] : [])]
  const root = tops.sort((a, b) => a.length - b.length)[0] ?? dir
  const remote = repository && (await git(dir, ['config', '--get', 'remote.origin.url'], signal)).text
  await checkReads(root, await language.reads(dir, toolchainArgs, project))
  return {
    root,
    ignore: [
      ...[dist, ...(project ? language.outputs(project) : [])].flatMap(path => below(root, path)),
      ...(await repositoryRules(root, toolchainArgs)),
      ...compile.exclude,
    ],
    identity: await identityOf(language, { dir, root, remote }),
    remarks: (await language.unsent?.(dir, root, idsOf(compile.secrets))) ?? [],
  }
}

/** The folder of the repository; none where a link leads into it, and the folders above are other ones by their names. */
async function repositoryOf(dir: string, signal: AbortSignal): Promise<string | undefined> {
  const { ok, text } = await git(dir, ['rev-parse', '--show-cdup', '--show-toplevel'], signal)
  const [up = '', top = ''] = text.split('\n')
  if (!ok || top === '') return undefined
  const folder = resolve(dir, up)
  const real = await realpath(folder).catch(() => undefined)
  return real === (await realpath(top).catch(() => top)) ? folder : undefined
}

const idsOf = (secrets: readonly string[]) =>
  secrets.flatMap(value => /(?:^|,)\s*id=([^,]*)/.exec(value)?.[1] ?? [])

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
  return path !== root && isWithin(root, path) ? [ignorePattern(relative(root, path))] : []
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
