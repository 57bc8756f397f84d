import type { BuildxOptions } from '../../config/options.ts'
import { type CacheValues, cacheValues } from '../../image/buildx/cache.ts'
import type { Destination } from '../../image/destination.ts'
import { type Platform, platformFolder } from '../../platforms.ts'

/** The image whose caches a compile uses too, for its name and its registry. */
interface CachedImage {
  readonly name: string
  readonly tags: readonly string[]
  readonly destinations: readonly Destination[]
}

/**
 * Values of --cache-from and --cache-to for one platform's compile: those of the image, each in a place of its own, for two
 * builds that write the same one overwrite each other. Pure.
 */
export function compileCaches(
  { name, tags, destinations }: CachedImage,
  platform: Platform,
  options: BuildxOptions,
): CacheValues {
  const suffix = `compile-${platformFolder(platform)}`
  const own = { name: `${name}-compile`, platforms: [platform], tags }
  const { cacheFrom, cacheTo, ...shorthand } = options
  const { from, to } = cacheValues(own, destinations, { ...shorthand, cacheFrom: [], cacheTo: [] })
  const given = (values: readonly string[]) => values.flatMap(value => ownPlace(value, suffix))
  return { from: [...from, ...given(cacheFrom)], to: [...to, ...given(cacheTo)] }
}

/** The field that says where a cache is, by its type; what it is without the field. */
const places: Readonly<Record<string, { field: RegExp; name: string; unset?: string; join: string }>> = {
  registry: { field: /^ref$/, name: 'ref', join: '-' },
  local: { field: /^(?:src|dest)$/, name: 'dest', join: '/' },
  gha: { field: /^scope$/, name: 'scope', unset: 'buildkit', join: '-' },
  s3: { field: /^name$/, name: 'name', unset: 'buildkit', join: '-' },
  azblob: { field: /^name$/, name: 'name', unset: 'buildkit', join: '-' },
}

/** Nothing for a cache that is inside of an image, such as type=inline: a compile makes none. */
function ownPlace(value: string, suffix: string): string[] {
  if (!value.includes('=')) return [withSuffix(value, '-', suffix)]
  const fields = value.split(',').map(field => field.trim())
  const type = fields.find(field => field.startsWith('type='))?.slice('type='.length) ?? 'registry'
  const place = Object.hasOwn(places, type) ? places[type] : undefined
  if (!place) return []
  const isPlace = (field: string) => place.field.test(field.split('=')[0] ?? '')
  if (!fields.some(isPlace) && place.unset) {
    return [[...fields, `${place.name}=${place.unset}${place.join}${suffix}`].join(',')]
  }
  return [fields.map(field => (isPlace(field) ? withSuffix(field, place.join, suffix) : field)).join(',')]
}

/** A reference without a tag gets one. */
function withSuffix(text: string, join: string, suffix: string): string {
  const isReference = join === '-' && /^(?:ref=)?[^=]*\//.test(text)
  return isReference && !/:[^/:]+$/.test(text) ? `${text}:${suffix}` : `${text}${join}${suffix}`
}
