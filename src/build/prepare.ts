import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import { checkProjectFile } from '../image/buildx/stage.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { checkToolchainArgs, detectLanguage } from '../languages/index.ts'
import type { RegistryClient } from '../registry/client.ts'
import { type Backend, chooseBackend, readBuilder } from './backend.ts'
import { pinBase } from './bases.ts'
import { readSource } from './git-info.ts'
import { isWarm } from './last-build.ts'
import { type Plan, planBuild } from './plan.ts'

/** A build that has been looked at and planned, and nothing more. */
export interface Prepared {
  readonly plan: Plan
  readonly backend: Backend
}

/** What preparing a build may use. */
export interface PrepareContext {
  readonly registries: RegistryClient
  readonly signal: AbortSignal
}

/**
 * Everything before the first compiler: detect the project, read it, git and the builder, and plan. Writes nothing.
 * @throws {Failure} of the classes usage, project, tool, image and registry.
 */
export async function prepareBuild(
  options: Options,
  { registries, signal }: PrepareContext,
): Promise<Prepared> {
  const { dir, platforms, toolchainArgs } = options
  const language = await detectLanguage(dir, options.lang)
  checkToolchainArgs(language, toolchainArgs)
  const [project, git, builder] = await Promise.all([
    language.inspect(dir, { options: options.language, platforms, toolchainArgs, signal }),
    readSource(dir, signal),
    readBuilder(options, signal),
  ])
  const source = { ...(project.version && { version: project.version }), ...git }
  const warm = await isWarm(options.dist, project, platforms)
  const facts = { project, source, warm, processors: availableParallelism(), cwd: process.cwd() }
  const plan = planBuild(facts, options)
  const images = await Promise.all(
    plan.images.map(async image => pinBase(await readFiles(image, dir), registries)),
  )
  return { plan: { ...plan, images }, backend: chooseBackend(plan, builder) }
}

/** Checks that the files of the project which the image needs are there, and reads the template, where it has one. */
async function readFiles(image: ImagePlan, dir: string): Promise<ImagePlan> {
  for (const { source } of image.spec.files) {
    if ('path' in source) await checkProjectFile(source.path, dir)
  }
  const { template } = image.image
  return template === undefined ? image : { ...image, template: await readTemplate(template) }
}

async function readTemplate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure({
      kind: 'usage',
      what: `The Dockerfile template ${path} cannot be read`,
      where: '[image] template of xbuild.toml',
      why: (error as Error).message,
      fix: 'xbuild dockerfile > Dockerfile.template, with template taken out of xbuild.toml, gives one to start from',
      cause: error,
    })
  }
}
