import { foldersOftenLinked, linkedFolderOf } from '../base/distributions.ts'
import { isUnreachable } from '../base/lookup.ts'
import { isFailure } from '../errors.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { checkNotBelowLink } from '../image/paths.ts'
import type { RegistryClient } from '../registry/client.ts'

/** What reading a base needs. */
interface LinkContext {
  readonly registries: RegistryClient
  readonly offline?: boolean
  /** A temporary folder. */
  readonly work: string
}

/**
 * Makes sure that no file of the image is below a link of a base that xbuild does not know, looking only where distributions
 * have links. What cannot be read from here, the builder alone knows.
 * @throws {Failure} usage, with the path to use instead; verification, when the base is damaged.
 */
export async function checkBaseLinks({ spec, template }: ImagePlan, context: LinkContext): Promise<void> {
  const { base, files, folders = [], ownedFolders = [] } = spec
  const [platform] = spec.platforms
  if (base.family !== 'other' || template !== undefined || !platform) return
  const paths = [
    ...files.map(({ target }) => target),
    ...[...folders, ...ownedFolders].map(({ path }) => path),
  ]
  const above = paths.flatMap(path => linkedFolderOf(path, foldersOftenLinked) ?? [])
  if (above.length === 0) return
  const { readBaseLinks } = await import('../image/base-links.ts')
  const linked = await readBaseLinks(base, [...new Set(above)], { ...context, platform }).catch(error => {
    if (isUnreachable(error) || isFailure(error, 'tool')) return {}
    throw error
  })
  for (const path of paths) checkNotBelowLink(path, linked)
}
