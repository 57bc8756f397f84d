import type { BuildxOptions } from '../config/options.ts'

/** The caches of buildx that are asked for, as --cache-from and --cache-to name them; --cache by its kind. */
export function namedCaches({ cache, cacheFrom, cacheTo }: BuildxOptions): string[] {
  return [...(cache ? [`type=${cache}`] : []), ...cacheFrom, ...cacheTo]
}
