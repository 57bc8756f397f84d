import { pinBase } from '../base/lookup.ts'
import type { Options } from '../config/options.ts'
import { checkProjectFile } from '../image/buildx/stage.ts'
import { checkToolchainArgs, detectLanguage } from '../languages/index.ts'
import { type Backend, chooseBackend, readBuilder } from './backend.ts'
import { readSource } from './git-info.ts'
import { isWarm } from './last-build.ts'
import { type Plan, planBuild } from './plan.ts'

/** A build that has been looked at and planned, and nothing more. */
export interface Prepared {
  readonly plan: Plan
  readonly backend: Backend
}

/**
 * Everything before the first compiler: detect the project, read it, git and the builder, and plan. Writes nothing.
 * @param whileReading is called once the commands that read it are on their way
 * @throws {Failure} of the classes usage, project, tool and image.
 */
export async function prepareBuild(
  options: Options,
  signal?: AbortSignal,
  whileReading = () => {},
): Promise<Prepared> {
  const { platforms, toolchainArgs } = options
  const language = await detectLanguage(options.dir, options.lang)
  checkToolchainArgs(language, toolchainArgs)
  const reading = Promise.all([
    language.inspect(options.dir, { options: options.language, platforms, toolchainArgs, signal }),
    readSource(options.dir, signal),
    readBuilder(options, signal),
  ])
  whileReading()
  const [project, git, builder] = await reading
  const source = { ...(project.version && { version: project.version }), ...git }
  const warm = await isWarm(options.dist, project, platforms)
  const plan = planBuild({ project, source, warm }, options)
  for (const { spec } of plan.images) {
    for (const { source } of spec.files)
      if ('path' in source) await checkProjectFile(source.path, options.dir)
  }
  const images = await Promise.all(plan.images.map(image => pinBase(image, signal)))
  return { plan: { ...plan, images }, backend: chooseBackend(plan, options, builder) }
}
