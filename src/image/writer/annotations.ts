import { Failure } from '../../errors.ts'
import { type Platform, parsePlatform } from '../../platforms.ts'
import { closestMatch } from '../../util/closest-match.ts'

/** Where an annotation goes: buildx's names (docker buildx build --annotation). */
const targets = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'] as const
type Target = (typeof targets)[number]

/** The annotations of one target; those of a manifest may be one platform's alone. */
export type Annotations = (target: Target, platform?: Platform) => Record<string, string>

/**
 * Reads `[target[platform],…:]key=value` of --annotation; without a target it is the manifest of every platform.
 * @throws {Failure} usage, for what buildx would not read either.
 */
export function parseAnnotations(texts: readonly string[]): Annotations {
  const parsed = texts.flatMap(parseAnnotation)
  return (target, platform) =>
    Object.fromEntries(
      parsed
        .filter(one => one.target === target && (!one.platform || one.platform === platform))
        .map(({ key, value }) => [key, value]),
    )
}

interface Annotation {
  readonly target: Target
  readonly platform: Platform | undefined
  readonly key: string
  readonly value: string
}

function parseAnnotation(text: string): Annotation[] {
  const [, before, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (before === undefined || value === undefined) throw malformed(text, 'it is no key=value')
  const colon = before.indexOf(':')
  if (colon < 0) return [{ target: 'manifest', platform: undefined, key: before, value }]
  const key = before.slice(colon + 1)
  if (key === '') throw malformed(text, 'it has no key')
  return before
    .slice(0, colon)
    .split(',')
    .map(part => {
      const [, name = '', platform] = /^([a-z-]+)(?:\[([\w/-]+)\])?$/.exec(part) ?? []
      const target = targets.find(known => known === name)
      if (target) return { target, platform: platform ? parsePlatform(platform) : undefined, key, value }
      throw malformed(
        text,
        `${JSON.stringify(part)} is none of ${targets.join(', ')}`,
        closestMatch(part, targets),
      )
    })
}

function malformed(text: string, why: string, near?: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `--annotation ${JSON.stringify(text)} cannot be read${near ? `; did you mean ${near}?` : ''}`,
    why,
    fix: '--annotation index:org.opencontainers.image.vendor=me',
  })
}
