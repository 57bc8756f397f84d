import type { TomlValue } from '../settings.ts'
import type { Build, Resolve } from './build.ts'
import { type Environment, readEnvironment } from './environment.ts'

const modes: Readonly<Record<string, string>> = {
  ReleaseSafe: 'safe',
  ReleaseFast: 'fast',
  ReleaseSmall: 'small',
  Debug: 'off',
}

/** `zig build …` in the terms of `[zig]`. */
export function readZigBuild(words: readonly string[], environment: Environment, resolve: Resolve): Build {
  const settings: Record<string, TomlValue> = {}
  const args: string[] = []
  const covered: string[] = []
  const left: string[] = []
  const given = words.slice(2)
  for (let index = 0; index < given.length; index++) {
    const { text, unknown } = resolve(given[index] as string)
    const [, mode] = /^-D(?:optimize|release)=(\w+)$|^--release=(\w+)$/.exec(text)?.filter(Boolean) ?? []
    if (/^-D(?:target|cpu)=/.test(text)) covered.push('the target follows from the platform')
    else if (unknown.length > 0) left.push(`${text} has no value here`)
    else if (mode !== undefined) setMode(mode, settings)
    else if (/^(?:-p|--prefix|-j\d*|--cache-dir|--global-cache-dir)$/.test(text))
      index += /^-j\d/.test(text) ? 0 : 1
    else if (/^(?:--summary|--verbose|--color|-freference-trace)/.test(text))
      index += text === '--summary' ? 1 : 0
    else if (text.startsWith('-D') || text.startsWith('-f')) args.push(text)
    else if (text.startsWith('-')) left.push(`${text}: xbuild -- ${text} passes it to zig`)
    else if (text !== 'install') settings['step'] = text
  }
  if (args.length > 0) settings['args'] = args
  readEnvironment(environment, 'zig', { settings, covered, left })
  return { settings, bins: [], output: undefined, covered, left }
}

function setMode(mode: string, settings: Record<string, TomlValue>): void {
  const name = modes[mode] ?? mode
  if (name !== 'safe') settings['release'] = name
}
