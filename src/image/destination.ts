import { resolve } from 'node:path'
import { Failure } from '../errors.ts'
import { parseReference } from '../oci/reference.ts'

/** Where an image goes. Paths are absolute. `buildx` is a value of -o that only buildx understands. */
export type Destination =
  | {
      readonly type: 'push'
      readonly references: readonly string[]
      /** No tag is moved, and the references say which repositories. */
      readonly byDigest?: boolean
      /** What buildx makes where xbuild moves the tags after it: an image that has a digest alone, or a layout to push. */
      readonly tagsLast?: 'digest' | 'layout'
    }
  | { readonly type: 'load' }
  | { readonly type: 'archive'; readonly path: string }
  | { readonly type: 'layout'; readonly path: string }
  /** An archive for `docker load` on the classic store. */
  | { readonly type: 'docker-archive'; readonly path: string }
  | { readonly type: 'buildx'; readonly value: string }

/** What is asked of one image's destinations. */
interface Asked {
  readonly tags: readonly string[]
  readonly name: string
  readonly push: boolean
  readonly byDigest: boolean
  readonly load: boolean
  readonly outputs: readonly string[]
  /** The archive that is written when nothing is asked for. */
  readonly fallback: string
}

/**
 * The destinations of an image: --push, --load and each -o; without any of them an OCI archive under dist/.
 * @throws {Failure} usage, for a push without a tag.
 */
export function planDestinations(asked: Asked): Destination[] {
  const destinations = asked.outputs.map(value => parseOutput(forImage(value, asked.name)))
  if (asked.push) {
    if (asked.tags.length === 0) {
      throw new Failure({
        kind: 'usage',
        what: `${asked.byDigest ? '--push-by-digest' : '--push'} needs a tag for the image ${asked.name}`,
        why: 'a registry knows an image by its reference',
        fix: `xbuild --tag registry.example.com/${asked.name}:1.0 ${asked.byDigest ? '--push-by-digest' : '--push'}`,
      })
    }
    destinations.unshift({ type: 'push', references: asked.tags, ...(asked.byDigest && { byDigest: true }) })
  }
  if (asked.load) destinations.unshift({ type: 'load' })
  return destinations.length > 0 ? destinations : [{ type: 'archive', path: asked.fallback }]
}

/**
 * A tag as given, with `{name}` replaced by the image's name.
 * @throws {Failure} usage, when it is no reference (distribution-spec, "Pulling manifests").
 */
export function checkTag(tag: string, name: string): string {
  const reference = forImage(tag, name)
  const { digest } = parseReference(reference)
  if (digest === undefined) return reference
  throw new Failure({
    kind: 'usage',
    what: `--tag ${JSON.stringify(tag)} has a digest`,
    why: 'the digest is what a build gives; only a name and a tag can be chosen',
    fix: `--tag ${reference.slice(0, reference.indexOf('@'))}`,
  })
}

/** The tag of an image that only the engine gets, such as `server:latest`: its name as references spell names. */
export function localTag(name: string): string {
  const lower = name.toLowerCase()
  const isName = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(lower)
  return `${isName ? lower : (lower.match(/[a-z0-9]+/g) ?? ['app']).join('-')}:latest`
}

const forImage = (value: string, name: string) => value.replaceAll('{name}', name)

/**
 * Makes sure that no two images go to one place.
 * @throws {Failure} usage
 */
export function checkDistinctPlaces(
  images: readonly {
    readonly name: string
    readonly tags: readonly string[]
    readonly destinations: readonly Destination[]
  }[],
): void {
  const owners = new Map<string, string>()
  for (const { name, tags, destinations } of images) {
    const places = destinations.filter(({ type }) => type !== 'load').flatMap(describeDestination)
    for (const place of new Set([...tags, ...places])) {
      const other = owners.get(place)
      owners.set(place, name)
      if (other === undefined) continue
      throw new Failure({
        kind: 'usage',
        what: `${place} is the same for several images`,
        where: `${other}, ${name}`,
        why: 'the second would replace the first; {name} becomes the name of each image',
        fix: '--tag registry.example.com/{name}:1.0, -o dist/{name}.oci.tar, or tags of their own in [images.NAME]',
      })
    }
  }
}

/** Reads one -o: a path ending in .tar, a folder, or buildx's own `type=…,key=value`. */
function parseOutput(value: string): Destination {
  if (value === '' || value === '-') {
    throw new Failure({
      kind: 'usage',
      what: `-o ${JSON.stringify(value)} is no path`,
      why: 'standard output carries the digest of the image, so the image itself goes to a file',
      fix: '-o image.oci.tar',
    })
  }
  const key =
    /^(?:dest|name|push|registry\.insecure|compression(?:-level)?|oci-mediatypes|force-compression|rewrite-timestamp|tar)=/
  if (key.test(value) && !value.includes('type=')) {
    throw new Failure({
      kind: 'usage',
      what: `-o ${value} has no type`,
      why: 'it reads like a value of docker buildx, where type= says what is written',
      fix: `-o type=oci,${value}`,
    })
  }
  const [compressed] = /\.(?:tar\.\w+|tgz|tzst|txz|gz|zst|zip)$/.exec(value) ?? []
  if (compressed !== undefined) {
    const path = `${value.slice(0, -compressed.length)}.tar`
    throw new Failure({
      kind: 'usage',
      what: `-o ${value}: the archive of an image is not compressed as a whole`,
      why: 'its layers are compressed already, and docker load, skopeo and xbuild verify read a plain tar',
      fix: `-o ${path}`,
    })
  }
  if (!/^type=|,type=/.test(value)) {
    const path = resolve(value)
    return /\.tar$/.test(value) ? { type: 'archive', path } : { type: 'layout', path }
  }
  const keys = Object.fromEntries(value.split(',').map(pair => pair.split(/=(.*)/s, 2) as [string, string?]))
  const only = (...known: string[]) => Object.keys(keys).every(key => key === 'type' || known.includes(key))
  if (keys['dest'] && keys['dest'] !== '-') {
    const path = resolve(keys['dest'])
    if (keys['type'] === 'oci' && only('dest')) return { type: 'archive', path }
    if (keys['type'] === 'oci' && only('dest', 'tar') && keys['tar'] === 'false')
      return { type: 'layout', path }
    if (keys['type'] === 'docker' && only('dest')) return { type: 'docker-archive', path }
  }
  return { type: 'buildx', value }
}

/** How a destination names the engine that --load hands images to. */
export const engineName = 'the Docker engine'

/** The repository of a reference, as written. */
export function withoutTag(reference: string): string {
  const { tag } = parseReference(reference)
  return tag !== undefined && reference.endsWith(`:${tag}`) ? reference.slice(0, -tag.length - 1) : reference
}

/** A destination for people: references, a path, or the value of -o. */
export function describeDestination(destination: Destination): readonly string[] {
  switch (destination.type) {
    case 'push':
      return destination.byDigest
        ? [...new Set(destination.references.map(withoutTag))].map(name => `${name} by digest`)
        : destination.references
    case 'load':
      return [engineName]
    case 'buildx':
      return [destination.value]
    default:
      return [destination.path]
  }
}
