import type { TomlValue } from '../settings.ts'
import { type Build, type Resolve, splitFlags } from './build.ts'
import { type Environment, readEnvironment } from './environment.ts'

const valued = new Set(
  'features F profile bin package p target target-dir path root j jobs config manifest-path Z out-dir artifact-dir color example'.split(
    ' ',
  ),
)
const harmless = new Set(
  'release r target j jobs color v vv q quiet verbose offline frozen target-dir path root bins out-dir artifact-dir all workspace manifest-path recipe-path'.split(
    ' ',
  ),
)

/** `cargo build …` or `cargo install …` in the terms of `[rust]`. */
export function readCargoBuild(words: readonly string[], environment: Environment, resolve: Resolve): Build {
  const { flags, rest } = splitFlags(
    withShortForms(words.slice(1).filter(word => !word.startsWith('+'))),
    valued,
  )
  const settings: Record<string, TomlValue> = {}
  const covered: string[] = []
  const left: string[] = []
  const bins: string[] = []
  const packages: string[] = []
  let features: string[] = []
  let isRelease = rest[0] === 'install'
  for (const { name, raw } of flags) {
    const { text, unknown } = raw === undefined ? { text: '', unknown: [] } : resolve(raw)
    if (name === 'target') covered.push('the target follows from the platform')
    else if (harmless.has(name)) isRelease ||= name === 'release' || name === 'r'
    else if (unknown.length > 0) left.push(`--${name} takes ${unknown[0]}, which has no value here`)
    else if (name === 'features' || name === 'F')
      features = [...features, ...text.split(/[\s,]+/).filter(Boolean)]
    else if (name === 'profile') {
      isRelease = true
      if (text !== 'release') settings['profile'] = text
    } else if (name === 'bin') bins.push(text)
    else if (name === 'package' || name === 'p') packages.push(text)
    else if (name === 'all-features') settings['all-features'] = true
    else if (name === 'no-default-features') settings['default-features'] = false
    else if (name === 'locked') settings['locked'] = true
    else left.push(`--${name}: xbuild -- --${name}${raw === undefined ? '' : `=${text}`} passes it to cargo`)
  }
  // [rust] package is one; of several, each has a program of its name.
  if (packages.length === 1) settings['package'] = packages[0] as string
  else if (bins.length === 0) bins.push(...packages)
  if (features.length > 0) settings['features'] = features
  if (!isRelease) covered.push('xbuild builds in release mode')
  readEnvironment(environment, 'rust', { settings, covered, left })
  return { settings, bins, output: undefined, covered, left }
}

/** `-pserver` is `-p server`. */
function withShortForms(words: readonly string[]): string[] {
  return words.flatMap(word => {
    const [, flag, value] = /^-([pFj])([^=-].*)$/.exec(word) ?? []
    return flag === undefined ? [word] : [`-${flag}`, value ?? '']
  })
}
