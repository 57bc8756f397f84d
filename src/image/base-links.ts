import type { LinkedFolders } from '../base/distributions.ts'
import type { BaseChoice } from '../types.ts'
import { type BaseReading, withBaseRootfs } from './base-rootfs.ts'

/**
 * Those of these folders that are symbolic links in a base image.
 * @throws {Failure} as withBaseRootfs.
 */
export function readBaseLinks(
  base: BaseChoice,
  folders: readonly string[],
  reading: BaseReading,
): Promise<LinkedFolders> {
  return withBaseRootfs(base, reading, new Set(), async rootfs => {
    const links: Record<string, string> = {}
    for (const folder of folders) {
      const path = (await rootfs.resolve(folder))?.path ?? folder
      if (path !== folder) links[folder] = path
    }
    return links
  })
}
