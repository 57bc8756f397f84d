/**
 * The pattern of a .dockerignore that leaves `source` out of the build context; undefined where it, or something in it,
 * gets there. Rules as in github.com/moby/patternmatcher: the last pattern that matches a path or a folder above it decides,
 * `!` takes it back, `**` stands for any folders.
 */
export function ignoredBy(dockerignore: string, source: string): string | undefined {
  const path = clean(source)
  // What a wildcard stands for, or which files of a folder there are, is not known here.
  if (path === '' || /[*?[]/.test(path)) return undefined
  let decided: string | undefined
  for (const { pattern, negated, matches, prefix } of parsePatterns(dockerignore)) {
    if (negated && (matches.test(path) || path === prefix || prefix.startsWith(`${path}/`) || isOpen(prefix)))
      decided = undefined
    else if (!negated && matches.test(path)) decided = pattern
  }
  return decided
}

interface Pattern {
  readonly pattern: string
  readonly negated: boolean
  /** Matches the path itself and whatever is below it. */
  readonly matches: RegExp
  /** The pattern up to its first wildcard. */
  readonly prefix: string
}

const longest = 1000

function parsePatterns(text: string): Pattern[] {
  return text
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#') && line.length <= longest)
    .map(line => {
      const negated = line.startsWith('!')
      const pattern = clean(negated ? line.slice(1) : line)
      return { pattern: line, negated, matches: toRegExp(pattern), prefix: pattern.replace(/[*?[].*$/, '') }
    })
}

/** An exception that begins with a wildcard may bring back anything. */
function isOpen(prefix: string): boolean {
  return prefix === ''
}

function clean(path: string): string {
  return path
    .replace(/^(?:\.?\/+)+/, '')
    .replace(/\/+/g, '/')
    .replace(/\/\.?$/, '')
    .replace(/^\.$/, '')
}

/** More wildcards than anybody writes take a regular expression too long. */
const mostWildcards = 8

function toRegExp(pattern: string): RegExp {
  if ((pattern.match(/\*+/g)?.length ?? 0) > mostWildcards) return /(?!)/
  const source = pattern.replace(/\*\*+\/?|\*+|\?|\[[^\]]*\]|\\.|[\s\S]/g, token => {
    if (token.startsWith('**')) return token.endsWith('/') ? '(?:.*/)?' : '.*'
    if (token === '*') return '[^/]*'
    if (token === '?') return '[^/]'
    if (/^\[.+\]$/.test(token)) return token.replace(/\\/g, '\\\\')
    return (token.startsWith('\\') && token.length > 1 ? token.slice(1) : token).replace(
      /[.*+?^${}()|[\]\\/]/g,
      '\\$&',
    )
  })
  try {
    return new RegExp(`^${source}(?:/.*)?$`)
  } catch {
    // an impossible range, which BuildKit refuses
    return /(?!)/
  }
}
