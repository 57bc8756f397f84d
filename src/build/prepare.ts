import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { BaseLookup } from '../base/lookup.ts'
import type { ImageOptions } from '../config/image-options.ts'
import { inImage, locating, locatingKey, ofImage } from '../config/locate.ts'
import type { Options } from '../config/options.ts'
import { defaultPlatformRemark, misspelledVariables } from '../config/variables.ts'
import { Failure, isFailure } from '../errors.ts'
import type { BuilderFacts } from '../image/buildx/builder.ts'
import { cacheValues, droppedGitHubCaches } from '../image/buildx/cache.ts'
import { imageDockerfile } from '../image/buildx/command.ts'
import { planTagsLast } from '../image/buildx/tags-last.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { initFile } from '../image/init.ts'
import { findProjectFiles } from '../image/project-files.ts'
import { checkTargets } from '../image/targets.ts'
import { checkToolchainArgs, detectLanguage } from '../languages/index.ts'
import type { ImageSpec } from '../types.ts'
import { readText } from '../util/read-file.ts'
import { type Backend, chooseBackend } from './backend.ts'
import { pinBase } from './bases.ts'
import { checkEntrypoint } from './check-entrypoint.ts'
import { findCompilePlace, readStageFacts } from './compile-place.ts'
import type { Changes } from './git-changes.ts'
import { readGit } from './git-info.ts'
import { lastBuildFile } from './kept-binary.ts'
import { isWarm } from './last-build.ts'
import type { StageFacts } from './on-builder/stage.ts'
import { findOutputFolder } from './output-folder.ts'
import { hintsOfOwnFiles } from './own-files.ts'
import { type Plan, planBuild } from './plan.ts'
import { checkPlatformFiles } from './platform-files.ts'
import { withKnownUser } from './users.ts'
import { chooseVersion, gitOf } from './version.ts'
import { wantedNames } from './wanted-images.ts'

/** A build that has been looked at and planned, and nothing more. */
export interface Prepared {
  readonly plan: Plan
  readonly backend: Backend
  /** What a person should know before it starts. */
  readonly remarks: readonly string[]
  /** What the project's own Dockerfile or Makefile has and this build has not. */
  readonly hints: readonly string[]
}

/** What preparing a build may use. */
export interface PrepareContext {
  readonly lookUpBase: BaseLookup
  readonly signal: AbortSignal
  /** Whether a build follows, which would download what the project depends on. */
  readonly download?: boolean
  /** What git said of the sources earlier; absent asks it now. */
  readonly changes?: Changes | undefined
  /** Told what the toolchain says it downloads. */
  readonly onDownload?: (what: string) => void
}

/**
 * Everything before the first compiler: detect the project, read it, git and the builder, and plan. Writes nothing.
 * @throws {Failure} of the classes usage, project, tool, image and registry.
 */
export async function prepareBuild(
  given: Options,
  { lookUpBase, signal, download = false, onDownload, changes }: PrepareContext,
): Promise<Prepared> {
  const { dir, platforms, toolchainArgs } = given
  const language = await locatingKey(given, 'lang', () => detectLanguage(dir, given.lang))
  const { options, remarks, caches } = await locatingKey(given, 'dist', () => findOutputFolder(given))
  checkToolchainArgs(language, toolchainArgs)
  const wanted = wantedNames(options)
  const context = {
    options: options.language,
    platforms,
    toolchainArgs,
    wanted,
    download,
    // Only into a folder that is known to be xbuild's.
    ...(existsSync(join(options.dist, lastBuildFile)) && {
      answersFile: join(options.dist, '.last-reading.json'),
    }),
    onDownload,
    signal,
  }
  const placing = findCompilePlace(options, language, signal)
  placing.catch(() => {}) // thrown below
  // Who compiles here reads at once.
  const reading = options.compile.place === 'host' ? undefined : (await placing).reading
  const [inspected, ownGit, place] = await Promise.all([
    locating(dir, () => language.inspect(dir, { ...context, run: reading?.run })),
    readGit(dir, signal, changes),
    placing,
  ])
  const onBuilder =
    place.builder && (await readStageFacts(inspected, options, reading?.image, { lookUpBase, signal }))
  const git = await gitOf(inspected, wanted, ownGit, { signal, changes })
  const project = { ...inspected, remarks: [...inspected.remarks, ...git.remarks] }
  const source = await locatingKey(options, 'version-from', () =>
    chooseVersion(git, project, options.versionFrom),
  )
  const warm = await isWarm(options.dist, project, platforms)
  const facts = {
    project,
    source,
    warm,
    processors: availableParallelism(),
    cwd: process.cwd(),
    ...(caches && { caches }),
    ...(onBuilder && { onBuilder }),
  }
  const plan = await locating(dir, () => planBuild(facts, options))
  const own = hintsOfOwnFiles(plan)
  const images = await Promise.all(
    plan.images.map(async image => {
      const complete = async () => withKnownUser(await readFiles(image, options))
      const own = () => complete().catch(error => Promise.reject(ofImage(image.spec.name, error)))
      return pinBase(await locating(dir, own), lookUpBase)
    }),
  )
  const backend = chooseBackend(plan, place.found)
  // What no Dockerfile can say is known before the compilers run.
  if (backend.name === 'buildx')
    for (const image of images)
      await locating(dir, () => inImage(image.spec.name, () => void imageDockerfile(image)))
  const pushed = backend.name === 'buildx' ? planTagsLast(images, backend.builder) : { images }
  return {
    plan: { ...plan, images: pushed.images },
    backend,
    hints: await own,
    remarks: [
      ...misspelledVariables(process.env),
      ...defaultPlatformRemark(process.env, platforms),
      ...options.idle,
      ...remarks,
      ...placeRemarks(options, place.builder, onBuilder),
      ...attestationRemark(plan, backend, warm),
      ...cacheRemarks(plan, backend),
      ...(pushed.remark === undefined ? [] : [pushed.remark]),
    ],
  }
}

/** Where the compilers run, where that is not here. */
function placeRemarks(
  { compile, offline }: Options,
  builder: BuilderFacts | undefined,
  facts: StageFacts | undefined,
): string[] {
  const { place, secrets, ssh } = compile
  if (builder && facts) {
    const why = place === 'auto' ? ', for this machine lacks the toolchain' : ''
    return [
      `compiled on the builder ${builder.name} with ${facts.image}${why}; ${facts.root} is sent to it`,
      ...facts.remarks,
      ...(offline
        ? [`--offline: the builder asks the registry of ${facts.image} all the same, unless it has the image`]
        : []),
    ]
  }
  if (secrets.length + ssh.length === 0) return []
  return [
    '--secret and --ssh have no effect: the toolchain runs on this machine, with its files and its ssh agent',
  ]
}

/** What buildx would drop without a word. */
function cacheRemarks({ images, buildx }: Plan, backend: Backend): string[] {
  if (backend.name !== 'buildx') return []
  const all = images.flatMap(({ spec, destinations }) =>
    droppedGitHubCaches(cacheValues(spec, destinations, buildx), process.env, backend.builder, Date.now()),
  )
  return [...new Set(all)]
}

/** On the first push from this machine: users of buildx expect the provenance that it attaches by itself. */
function attestationRemark({ images, buildx }: Plan, { name }: Backend, warm: boolean): string[] {
  const pushes = images.some(({ destinations }) => destinations.some(({ type }) => type === 'push'))
  if (warm || !pushes || name !== 'buildx' || buildx.provenance !== undefined) return []
  return ['no provenance is attached, so one source has one digest; --provenance=mode=max attaches it']
}

/** Finds the files of the project that the image needs, and reads the template, where it has one. */
async function readFiles(image: ImagePlan, { dir, dist, platforms }: Options): Promise<ImagePlan> {
  const { files, init } = image.image
  const rules = init === undefined ? files : [...files, initFile(init, platforms, dir)]
  const found = await findProjectFiles(rules, { root: dir, leftOut: [dist], platforms })
  const spec = { ...image.spec, files: [...image.spec.files, ...found.files], folders: found.folders }
  checkFiles(spec, image.image)
  checkEntrypoint(spec)
  await checkPlatformFiles(spec)
  const { template } = image.image
  return { ...image, spec, ...(template !== undefined && { template: await readTemplate(template) }) }
}

/** @throws {Failure} as checkTargets, about the rule that put the file there. */
function checkFiles(spec: ImageSpec, { files }: ImageOptions): void {
  try {
    checkTargets(spec)
  } catch (error) {
    const target = error instanceof Failure ? (error.where ?? '') : ''
    const at = files.findLastIndex(({ to }) => target === to || target.startsWith(to.replace(/\/?$/, '/')))
    throw error instanceof Failure && at >= 0 ? error.with({ key: ['image', 'files', at, 'to'] }) : error
  }
}

async function readTemplate(path: string): Promise<string> {
  try {
    return await readText(path, 16 * 1024 * 1024)
  } catch (error) {
    throw new Failure({
      kind: 'usage',
      what: `The Dockerfile template ${path} cannot be read`,
      where: '[image] template of xbuild.toml',
      key: ['image', 'template'],
      why: (isFailure(error) && error.why) || (error as Error).message,
      fix: 'xbuild dockerfile > Dockerfile.template, with template taken out of xbuild.toml, gives one to start from',
      cause: error,
    })
  }
}
