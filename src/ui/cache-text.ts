import type { CacheUse } from '../util/cache-use.ts'
import { count, describeBytes, formatTable } from '../util/format.ts'

/** The cache for people: its folder, a row per part, and what was removed or how to remove it. */
export function describeCacheUse({ folder, size, parts }: CacheUse, removed: boolean): string {
  if (parts.length === 0) return `${folder}\n  empty`
  const rows = parts.map(part => [
    `  ${part.name}`,
    describeBytes(part.size),
    count(part.files, 'file'),
    part.holds,
  ])
  const end = removed
    ? `Removed ${describeBytes(size)}.`
    : `${describeBytes(size)} in all; xbuild cache --prune removes it. Builds remove what was not used for 30 days.`
  return [folder, formatTable(rows), end].join('\n')
}
