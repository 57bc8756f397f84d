import { type Platform, parsePlatform } from '../platforms.ts'
import { closestMatch } from '../util/closest-match.ts'

/** The variables of its own that xbuild reads. */
export const ownVariables = [
  ...['XBUILD_PLATFORM', 'XBUILD_BACKEND', 'XBUILD_BUILDER', 'XBUILD_BASE', 'XBUILD_BASE_REGISTRY'],
  ...['XBUILD_DIST', 'XBUILD_JOBS', 'XBUILD_VERSION_FROM', 'XBUILD_ZIG', 'XBUILD_BENCH', 'XBUILD_TRACE'],
  'XBUILD_COMPILE_ON',
]

/** A remark for each variable that looks like one of these, misspelled; others, such as a CI template's, are left alone. */
export function misspelledVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  // Of the template for GitLab.
  const known = [...ownVariables, 'XBUILD_PLATFORMS']
  const short = (name: string) => name.slice('XBUILD_'.length)
  return Object.keys(env)
    .filter(name => name.startsWith('XBUILD_') && env[name] && !known.includes(name))
    .flatMap(name => {
      const near = closestMatch(short(name), ownVariables.map(short))
      return near === undefined ? [] : [`${name} has no effect; did you mean XBUILD_${near}?`]
    })
}

/** DOCKER_DEFAULT_PLATFORM is for a docker that makes one platform; said where it names none of those that are built. */
export function defaultPlatformRemark(
  env: Readonly<Record<string, string | undefined>>,
  platforms: readonly Platform[],
): string[] {
  const value = env['DOCKER_DEFAULT_PLATFORM']
  if (!value || platforms.some(({ id }) => id === normal(value))) return []
  return [
    `DOCKER_DEFAULT_PLATFORM=${value} does not count: --platform and platforms in xbuild.toml say what is built`,
  ]
}

function normal(value: string): string {
  try {
    return parsePlatform(value).id
  } catch {
    return value
  }
}
