import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { headerOf } from './go-header.ts'
import type { SourceState } from './source-state.ts'

/**
 * The files and folders that go:embed names in these sources, and of a pattern the folder that it looks into.
 * @throws {Error} of the file system
 */
export function embeddedIn({ files }: Pick<SourceState, 'files'>): string[] {
  const sources = files.filter(({ path }) => path.endsWith('.go'))
  return sources.flatMap(({ path }) =>
    embedPatterns(readFileSync(path, 'utf8')).map(pattern => join(dirname(path), withoutGlob(pattern))),
  )
}

/** The patterns of go:embed in a Go file, without `all:`. */
export function embedPatterns(text: string): string[] {
  if (!text.includes('//go:embed')) return []
  const lines = headerOf(text).matchAll(/^[ \t]*\/\/go:embed[ \t]+(.+)$/gm)
  return [...lines].flatMap(([, rest = '']) =>
    [...rest.matchAll(/"([^"]*)"|`([^`]*)`|(\S+)/g)].map(([, quoted, raw, plain]) =>
      (quoted ?? raw ?? plain ?? '').replace(/^all:/, ''),
    ),
  )
}

function withoutGlob(pattern: string): string {
  const parts = pattern.split('/')
  const glob = parts.findIndex(part => /[*?[\\]/.test(part))
  return glob < 0 ? pattern : parts.slice(0, glob).join('/')
}

/** Whether it is there and, as a folder, has anything in it: Go embeds no empty one. */
export function hasContent(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && (!found.isDirectory() || readdirSync(path).some(name => !/^[._]/.test(name)))
}
