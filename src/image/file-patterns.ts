import { basename, dirname, join } from 'node:path'
import { Failure } from '../errors.ts'

/** Decides by a path below a folder, such as `css/a.css`. */
export type PathMatcher = (path: string) => boolean

/** `*`, `?`, `[` and `{` with several choices; a placeholder in braces is none. */
export function isPattern(path: string): boolean {
  return /[*?[]|\{[^{}]*,[^{}]*\}/.test(path)
}

/** A pattern as the folder that it begins in, which has no wildcard, and what is below that. */
export function splitPattern(path: string): { readonly folder: string; readonly pattern: string } {
  let folder = dirname(path)
  let pattern = basename(path)
  while (isPattern(folder)) {
    pattern = join(basename(folder), pattern)
    folder = dirname(folder)
  }
  return { folder, pattern }
}

/** How many folders deep a match can be. */
export function depthOf(pattern: string): number {
  return pattern.includes('**') ? Number.POSITIVE_INFINITY : pattern.split('/').length
}

/**
 * Matches paths with any of the patterns, which are those of .dockerignore with choices in braces: `**` stands for any
 * folders, and names that begin with a dot are names like others. Loaded only where there are patterns.
 * @throws {Failure} usage, for `!`, which takes a pattern back in .dockerignore.
 */
export async function pathMatcher(patterns: readonly string[]): Promise<PathMatcher> {
  if (patterns.length === 0) return () => false
  const negated = patterns.find(pattern => pattern.startsWith('!'))
  if (negated !== undefined) {
    throw new Failure({
      kind: 'usage',
      what: `exclude cannot take a pattern back: ${JSON.stringify(negated)}`,
      where: '[image] files of xbuild.toml',
      why: 'each pattern leaves files out; which are copied after all is another entry of files',
      fix: `an entry { from = ${JSON.stringify(negated.slice(1))}, to = "…" } of its own`,
    })
  }
  const { default: picomatch } = await import('picomatch')
  const clean = patterns.map(pattern => pattern.replace(/^(?:\.?\/+)+|\/+$/g, ''))
  const matches = picomatch(clean, { dot: true, nonegate: true, noextglob: true })
  return path => matches(path)
}
