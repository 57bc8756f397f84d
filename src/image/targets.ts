import { Failure } from '../errors.ts'
import type { ImageSpec } from '../types.ts'
import { checkImagePath, parentFolders } from './paths.ts'

/**
 * Checks the paths of an image's own files against each other.
 * @throws {Failure} usage, for a path that cannot be in an image, two files in one place, or a file below a file.
 */
export function checkTargets({ files, folders = [], ownedFolders: owned, base }: ImageSpec): void {
  const targets = new Set<string>()
  for (const { target } of files) {
    checkImagePath(target, undefined, base)
    if (targets.has(target)) throw clash(target, 'two files have this path')
    targets.add(target)
  }
  for (const { target } of files) {
    const above = parentFolders(target).find(folder => targets.has(folder))
    if (above !== undefined) throw clash(target, `${above} is a file of the image too`)
  }
  for (const { path: folder } of [...folders, ...(owned ?? [])]) {
    const above = [...parentFolders(folder), folder].find(path => targets.has(path))
    if (above !== undefined) throw clash(folder, `${above} is a file of the image too`)
  }
}

function clash(target: string, why: string): Failure {
  return new Failure({
    kind: 'usage',
    what: 'Two files of the image are in the way of each other',
    where: target,
    why,
    fix: 'give one of them another path: [image] files in xbuild.toml',
  })
}
