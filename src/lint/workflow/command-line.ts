import type { Word } from '../../dockerfile/model.ts'
import { parseShell, type ShellCommand } from '../../dockerfile/shell.ts'
import type { Mapped } from '../../util/source-text.ts'
import type { BuildCall, Value } from './model.ts'

const engines = new Set(['docker', 'podman', 'nerdctl', 'buildx', 'docker-buildx'])

/** The `docker build` and `docker buildx build` commands of a script. */
export function buildsOfScript(script: Mapped): BuildCall[] {
  return parseShell({ text: maskExpressions(script.text), at: script.at }).flatMap(command => {
    const args = buildArguments(command)
    return args ? [readBuild(command, args)] : []
  })
}

/** `${{ … }}` of GitHub as one word, of the same length. */
function maskExpressions(text: string): string {
  return text.replace(/\$\{\{([^}]|\}(?!\}))*\}\}/g, whole => whole.replace(/[\s"'`()&|;<>\\]/g, '_'))
}

/** The arguments after `build`; undefined for another command. */
function buildArguments({ tool, words }: ShellCommand): Word[] | undefined {
  if (!engines.has(tool)) return undefined
  const rest = words.slice(1)
  for (const [index, { value }] of rest.entries()) {
    if (value === 'build' || value === 'b') return rest.slice(index + 1)
    if (value !== 'buildx' && value !== 'image' && value !== 'builder' && !value.startsWith('-'))
      return undefined
  }
  return undefined
}

const short: Readonly<Record<string, string>> = { '-t': '--tag', '-f': '--file', '-o': '--output' }
const switches = new Set([
  '--load',
  '--push',
  '--no-cache',
  '--pull',
  '--quiet',
  '-q',
  '--debug',
  '-D',
  '--rm',
  '--squash',
  '--force-rm',
])

function readBuild({ start, end }: ShellCommand, args: readonly Word[]): BuildCall {
  const values = new Map<string, Value[]>()
  let context: string | undefined
  for (let index = 0; index < args.length; index++) {
    const word = args[index] as Word
    if (!word.value.startsWith('-') || word.value === '-') {
      context ??= word.value
      continue
    }
    const [, flag = '', joined] = /^(-[^=]*)(?:=([\s\S]*))?$/.exec(word.value) ?? []
    const name = short[flag] ?? flag
    const next = joined === undefined && !switches.has(name) ? args[++index] : undefined
    const value = { value: joined ?? next?.value ?? 'true', start: word.start, end: (next ?? word).end }
    values.set(name, [...(values.get(name) ?? []), value])
  }
  const all = (name: string) => values.get(name) ?? []
  const last = (name: string) => all(name).at(-1)
  return {
    kind: 'command',
    start,
    end,
    platforms: all('--platform').flatMap(({ value, ...place }) =>
      value.split(',').map(one => ({ ...place, value: one.trim() })),
    ),
    cacheFrom: all('--cache-from'),
    cacheTo: all('--cache-to'),
    tags: all('--tag'),
    outputs: all('--output'),
    load: last('--load'),
    push: last('--push'),
    provenance: last('--provenance'),
    noCache: last('--no-cache'),
    file: last('--file')?.value,
    context,
    target: last('--target')?.value,
  }
}
