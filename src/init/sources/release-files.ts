import { parseDocument } from 'yaml'
import type { Build } from '../adopt/build.ts'
import { readGoBuild } from '../adopt/go-build.ts'
import { placeholderFor } from '../adopt/known-names.ts'

/** A build of .goreleaser.yml or .ko.yaml. */
export interface ReleaseBuild {
  readonly build: Build
  /** The base image that it names. */
  readonly base?: string
  readonly platforms?: readonly string[]
  /** What it calls the program, where that is a plain name. */
  readonly binary?: string
}

type Yaml = { readonly [key: string]: unknown }

/** GoReleaser's names for what xbuild calls `{version}` and so on (goreleaser.com, Name Templates). */
const templates: Readonly<Record<string, string>> = {
  Version: '{version}',
  RawVersion: '{version}',
  Tag: '{tag}',
  Commit: '{commit}',
  FullCommit: '{commit}',
  ShortCommit: '{short-commit}',
  Date: '{date}',
  CommitDate: '{date}',
  Timestamp: '{date}',
  CommitTimestamp: '{date}',
  Branch: '{branch}',
  'Git.Tag': '{tag}',
  'Git.FullCommit': '{commit}',
  'Git.ShortCommit': '{short-commit}',
  'Git.CommitDate': '{date}',
  'Git.Branch': '{branch}',
}

/** A text with its `{{ .Version }}` replaced; what has nothing to stand for it is named. */
function resolve(text: string): { text: string; unknown: string[] } {
  const unknown: string[] = []
  const filled = text.replace(/\{\{-?\s*(.*?)\s*-?\}\}/g, (whole, body: string) => {
    const [, name = ''] = /^\.([\w.]+)$/.exec(body) ?? []
    if (Object.hasOwn(templates, name)) return templates[name] as string
    const [, variable] = /^\.Env\.(\w+)$/.exec(body) ?? []
    if (variable !== undefined) return placeholderFor(variable) ?? `{env.${variable}}`
    // Without spaces, at which the flags are split.
    const kept = whole.replace(/\s+/g, '')
    unknown.push(kept)
    return kept
  })
  return { text: filled, unknown }
}

/** The values of a YAML file, with anchors and merges resolved, or the line and reason why it has none. */
export function parseReleaseFile(
  text: string,
): { readonly root: unknown } | { readonly line: number; readonly fault: string } {
  try {
    const document = parseDocument(text, { merge: true, logLevel: 'silent' })
    const [error] = document.errors
    if (!error) return { root: document.toJS() }
    return { line: error.linePos?.[0].line ?? 1, fault: error.message.replace(/ at line \d+[\s\S]*$/, '') }
  } catch (error) {
    // An alias without its anchor, or more of them than the parser follows.
    return { line: 1, fault: (error as Error).message }
  }
}

/**
 * The build of a release file that makes the program: the one of that name, or the first.
 * @param root the parsed file
 * @param names of the program and its package
 */
export function readReleaseFile(root: unknown, names: readonly string[]): ReleaseBuild | undefined {
  const builds = list((root as Yaml | null)?.['builds'])
    .filter(isMap)
    .filter(one => !one['builder'] || one['builder'] === 'go')
  const said = (one: Yaml) =>
    ['main', 'binary', 'id', 'dir'].map(key => String(one[key] ?? '')).map(text => text.replace(/^\.\//, ''))
  const chosen =
    builds.find(one =>
      said(one).some(text => text !== '' && names.some(name => name.replace(/^\.\//, '') === text)),
    ) ?? builds[0]
  const file = isMap(root) ? root : {}
  const base = file['defaultBaseImage']
  const platforms = list(file['defaultPlatforms']).filter(one => typeof one === 'string')
  const binary = String(chosen?.['binary'] ?? '')
  if (!chosen && base === undefined && platforms.length === 0) return undefined
  return {
    build: goBuild(chosen ?? {}),
    ...(typeof base === 'string' && { base }),
    ...(platforms.length > 0 && { platforms }),
    ...(/^\w[\w.-]*$/.test(binary) && { binary }),
  }
}

function goBuild(one: Yaml): Build {
  const ldflags = list(one['ldflags']).map(String).join(' ')
  const tags = list(one['tags']).map(String).join(',')
  const env = Object.fromEntries(
    list(one['env'])
      .map(String)
      .flatMap(pair => {
        const equals = pair.indexOf('=')
        return equals > 0 && !pair.includes('{{') ? [[pair.slice(0, equals), pair.slice(equals + 1)]] : []
      }),
  )
  const main = typeof one['main'] === 'string' ? [one['main']] : []
  const words = [
    'go',
    'build',
    ...list(one['flags']).map(String),
    ...(tags ? [`-tags=${tags}`] : []),
    ...(ldflags ? [`-ldflags=${ldflags}`] : []),
    ...main,
  ]
  return readGoBuild(words, env, resolve)
}

const isMap = (value: unknown): value is Yaml =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
