import { Failure } from '../errors.ts'

/** An image reference, taken apart and completed: docker.io, `library/` and `latest` are filled in. */
export interface Reference {
  /** Host and port as written, `docker.io` for Docker Hub. */
  readonly registry: string
  /** The repository's path in the registry: `library/alpine`. */
  readonly repository: string
  /** Absent only where there is a digest. */
  readonly tag?: string
  /** `sha256:…` */
  readonly digest?: string
}

// The grammar of github.com/distribution/reference (its doc comment in reference.go), which the repository and tag
// patterns of the OCI distribution spec ("Pulling manifests") agree with.
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`)
const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const hostPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const tagPattern = /^\w[\w.-]{0,127}$/
const digestPattern = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/
const maximumRepository = 255

/**
 * Reads an image reference as Docker does: `alpine`, `ghcr.io/me/app:1`, `localhost:5000/app@sha256:…`. The first
 * part is a registry when it holds a dot, a colon or a capital, or is `localhost`
 * (distribution/reference normalize.go, splitDockerDomain).
 * @throws {Failure} usage, with the nearest right reference, when the text is none.
 */
export function parseReference(text: string): Reference {
  const read = readReference(text)
  if (typeof read !== 'string') return read
  const [, host] = /^(?:[a-z]+:\/\/)?[^/@]*:[^@]*@(?!sha(?:256|512):)(.*)$/s.exec(text) ?? []
  if (host !== undefined) throw hasPassword(host)
  // The first of a list would be a reference, and the others would be dropped.
  const suggestion = isList(text) ? undefined : suggest(text)
  throw new Failure({
    kind: 'usage',
    what: `${JSON.stringify(shorten(text))} is no image reference${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    why: read,
    fix: suggestion ?? 'write it as [REGISTRY/]NAME[:TAG], such as ghcr.io/me/app:1',
  })
}

/** Whether a text is an image reference that `parseReference` reads. */
export function isReference(text: string): boolean {
  try {
    parseReference(text)
    return true
  } catch {
    return false
  }
}

/** A password in an image's name would be in logs, in the report and in the image's history; it is not printed here either. */
function hasPassword(rest: string): Failure {
  const registry = rest.split('/', 1)[0] ?? ''
  return new Failure({
    kind: 'usage',
    what: `An image reference has a password in it: ***@${shorten(rest)}`,
    why: 'names of images are printed, stored and pushed; a password is for the login',
    fix: `docker login ${registry}, and ${shorten(rest)} as the reference`,
  })
}

/** The reference in full, as every tool reads it: `docker.io/library/alpine:3@sha256:…`. */
export function formatReference(reference: Reference): string {
  const { tag, digest } = reference
  return `${formatRepository(reference)}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`
}

/** The reference without tag and digest: `docker.io/library/alpine`. */
export function formatRepository({ registry, repository }: Reference): string {
  return `${registry}/${repository}`
}

/** Each repository of the references once, by its name, as one of them. */
export function repositoriesOf(references: readonly Reference[]): Map<string, Reference> {
  return new Map(references.map(reference => [formatRepository(reference), reference]))
}

/** Whether `text` is a digest of an algorithm that is registered for content: sha256 or sha512, in lower-case hex. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text)
}

/**
 * Whether a registry is on this machine by its name alone, and so may be asked without TLS, as Docker does for
 * 127.0.0.0/8 and ::1 (moby registry/config.go, newServiceConfig) and for localhost.
 */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:[0-9]+$/, '').toLowerCase()
  return (
    host === 'localhost' ||
    /^\[(?:::1|(?:0+:){7}0*1)\]$/.test(host) ||
    /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host)
  )
}

const isList = (text: string) => text.includes(',') || /\S\s+\S/.test(text)

/** The reference, or why the text is none. */
function readReference(text: string): Reference | string {
  if (text === '') return 'it is empty'
  if (isList(text)) return 'it is a list: each reference is a text of its own'
  const [beforeDigest = '', digest, ...more] = text.split('@')
  if (more.length > 0) return 'it has more than one "@"'
  if (digest !== undefined && !isDigest(digest))
    return 'after "@" a digest is expected: sha256: and 64 hex digits'

  const slash = beforeDigest.indexOf('/')
  const first = slash < 0 ? '' : beforeDigest.slice(0, slash)
  const isHost =
    first !== '' && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  if (isHost && !hostPattern.test(first)) return `${JSON.stringify(first)} is no registry host`
  const registry = isHost && first !== 'index.docker.io' ? first : 'docker.io'

  const rest = isHost ? beforeDigest.slice(slash + 1) : beforeDigest
  const colon = rest.indexOf(':')
  const name = colon < 0 ? rest : rest.slice(0, colon)
  const tag = colon < 0 ? undefined : rest.slice(colon + 1)
  if (/^[a-f0-9]{64}$/.test(name)) return '64 hex digits are an image ID, not a name'
  if (!repositoryPattern.test(name)) {
    return name !== name.toLowerCase() && repositoryPattern.test(name.toLowerCase())
      ? 'a repository name is lower-case'
      : 'a repository name is made of lower-case letters and digits, with single ".", "_", "/" or any "-" between them'
  }
  const repository = registry === 'docker.io' && !name.includes('/') ? `library/${name}` : name
  if (repository.length > maximumRepository)
    return `a repository name has at most ${maximumRepository} characters`
  if (tag !== undefined && !tagPattern.test(tag)) {
    return tag.length > 128
      ? 'a tag has at most 128 characters'
      : 'a tag is made of letters, digits, "_", "." and "-", and begins with a letter, a digit or "_"'
  }
  return {
    registry,
    repository,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
    ...(digest !== undefined && { digest }),
  }
}

/** The text with what cannot be in a reference dropped, if that makes it one. */
function suggest(text: string): string | undefined {
  // Letters of other alphabets cannot be left out without another name.
  if (text.includes('@') || /[^\x20-\x7e\s]/.test(text)) return undefined
  const line = (text.trim().split(/\s/)[0] ?? '')
    .replace(/^(?:https?|docker|oci):\/\//, '')
    .replace(/^-+/, '')
  const slash = line.lastIndexOf('/')
  const colon = line.indexOf(':', slash + 1)
  const name = colon < 0 ? line : line.slice(0, colon)
  const tag = colon < 0 ? '' : line.slice(colon + 1)
  const rightName = name
    .toLowerCase()
    .replace(/[^a-z0-9._/:-]+/g, '-')
    .replace(/^-+/, '')
    .replace(/[./_-]+$/, '')
  const rightTag = tag
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[.-]+|-+$/g, '')
    .slice(0, 128)
  const candidate = rightTag ? `${rightName}:${rightTag}` : rightName
  return candidate !== text && typeof readReference(candidate) !== 'string' ? candidate : undefined
}

function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}
