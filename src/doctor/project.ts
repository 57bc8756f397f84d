import { readGit } from '../build/git-info.ts'
import { chooseVersion, gitOf } from '../build/version.ts'
import { type WantedImage, wantedImages, wantedNames } from '../build/wanted-images.ts'
import type { Options } from '../config/options.ts'
import { detectLanguage } from '../languages/index.ts'
import type { Language, Project } from '../languages/language.ts'
import { parseReference, type Reference } from '../oci/reference.ts'
import type { SourceInfo } from '../types.ts'

/** The project as its toolchain reads it, and the images that would be made of it. */
export interface ProjectFacts {
  readonly language: Language
  readonly project: Project
  readonly images: readonly WantedImage[]
  readonly source: SourceInfo
}

/**
 * Reads the project as a build would.
 * @throws {Failure} project, usage and tool.
 */
export async function readProject(options: Options, signal: AbortSignal): Promise<ProjectFacts> {
  const { dir, platforms, toolchainArgs } = options
  const language = await detectLanguage(dir, options.lang)
  const wanted = wantedNames(options)
  const context = { options: options.language, platforms, toolchainArgs, wanted, signal }
  const [project, own] = await Promise.all([language.inspect(dir, context), readGit(dir, signal)])
  const git = await gitOf(project, wanted, own, { signal })
  const source = chooseVersion(git, project, options.versionFrom)
  return { language, project, images: wantedImages(project, options), source }
}

/**
 * The repositories that the images would be pushed to, without their tags. `{name}` is filled in where the project could be
 * read; a tag whose repository is made of something else is left out.
 */
export function repositoriesOf(images: readonly Pick<WantedImage, 'name' | 'image'>[]): Reference[] {
  const found = images.flatMap(({ name, image }) =>
    image.tags.flatMap(tag => {
      const filled = tag.replaceAll('{name}', name)
      const slash = filled.lastIndexOf('/')
      const colon = filled.indexOf(':', slash + 1)
      const repository = colon < 0 ? filled : filled.slice(0, colon)
      return repository.includes('{') ? [] : [parseReference(repository)]
    }),
  )
  return [...new Map(found.map(one => [`${one.registry}/${one.repository}`, one])).values()]
}
