import { Failure } from '../../errors.ts'
import { joinQuoted, splitQuoted } from './quoted.ts'
import { describeSetting, type GoSetting, type GoSettings, settingKey } from './settings.ts'

/** What GOFLAGS and the flags after `--` say, of what our own command line says too. */
export interface GoFlags {
  readonly ldflags: readonly string[]
  readonly tags: readonly string[]
  /** Every flag by its name without dashes; the last one counts, as for go. A flag without a value is "true". */
  readonly values: ReadonlyMap<string, string>
}

/** Flags that a user may not set: ours would win without a word, or there would be no program to make an image of. */
const refused: Readonly<Record<string, { why: string; fix: string }>> = {
  o: {
    why: 'xbuild gives -o to go itself, and has to know its value',
    fix: 'remove -o from GOFLAGS; dist in xbuild.toml says where the binaries go',
  },
  n: { why: 'with -n go compiles nothing', fix: 'remove -n from GOFLAGS; xbuild plan prints the commands' },
  json: { why: 'xbuild reads what go prints', fix: 'remove -json from GOFLAGS' },
  compiler: {
    why: 'xbuild compiles with Go’s own compiler, gc, whose programs it can check',
    fix: 'remove -compiler from GOFLAGS',
  },
}

const programModes = ['default', 'exe', 'pie']

/**
 * Reads GOFLAGS, word by word as Go does, and the flags after `--`.
 * @throws {Failure} usage, for a flag that cannot be heeded.
 */
export function readGoFlags(settings: GoSettings, toolchainArgs: readonly string[]): GoFlags {
  const setting = settings.get('GOFLAGS')
  const fromVariable = setting
    ? splitQuoted(setting.value, `GOFLAGS of ${setting.from}`, settingKey('GOFLAGS', setting))
    : []
  const values = new Map<string, string>()
  const tags: string[] = []
  let ldflags: string[] = []
  for (const word of fromVariable) {
    const { name, value } = flag(word)
    if (setting) checkFlag(name, value, 'GOFLAGS', setting)
    values.set(name, value ?? 'true')
    if (name === 'ldflags')
      ldflags = linkerWords(value ?? '', 'GOFLAGS', setting && settingKey('GOFLAGS', setting))
  }
  tags.push(...splitTags(values.get('tags')))
  for (const [at, word] of toolchainArgs.entries()) {
    if (!word.startsWith('-')) continue
    const { name, value } = flag(word)
    // A flag that needs a value has it in the next word, and that one has no dash.
    const next = toolchainArgs[at + 1]
    checkFlag(name, value ?? next, '--')
    if (name === 'tags') tags.push(...splitTags(value ?? next))
    values.set(name, value ?? (name === 'tags' ? (next ?? '') : 'true'))
  }
  return { ldflags, tags: [...new Set(tags)], values }
}

/** The flags after `--` without those that are merged into ours. */
export function withoutTags(toolchainArgs: readonly string[]): string[] {
  return toolchainArgs.filter(
    (word, at) => !/^--?tags(=|$)/.test(word) && !/^--?tags$/.test(toolchainArgs[at - 1] ?? ''),
  )
}

/** Build tags: separated by commas, or by spaces as Go before 1.13 had them. */
function splitTags(text = ''): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}

/**
 * The words of linker flags. A pattern of packages before them, as in "all=-s -w", must be one that the programs match.
 * @throws {Failure} usage, for another pattern: for a program xbuild gives go one set of flags.
 */
export function linkerWords(text: string, place: string, key?: readonly string[]): string[] {
  const trimmed = text.trim()
  const pattern = trimmed.startsWith('-') || !trimmed.includes('=') ? undefined : trimmed.split('=')[0]
  if (pattern === undefined) return splitQuoted(trimmed, place, key)
  if (pattern === 'all') return splitQuoted(trimmed.slice('all='.length), place, key)
  throw new Failure({
    kind: 'usage',
    what: `The linker flags in ${place} are for the packages ${pattern} alone`,
    where: trimmed,
    key,
    why: 'xbuild gives the linker flags of a program to go itself, and cannot tell which programs the pattern means',
    fix: `write them without ${JSON.stringify(`${pattern}=`)}, or as [go] ldflags in xbuild.toml`,
  })
}

function flag(word: string): { name: string; value: string | undefined } {
  const [, name = '', , value] = /^--?([^=]*)(=([\s\S]*))?$/.exec(word) ?? []
  return { name, value }
}

function checkFlag(name: string, value: string | undefined, place: 'GOFLAGS' | '--', setting?: GoSetting) {
  const where = setting ? describeSetting('GOFLAGS', setting) : undefined
  const key = setting && settingKey('GOFLAGS', setting)
  const known = Object.hasOwn(refused, name) ? refused[name] : undefined
  if (known && !(name === 'compiler' && value === 'gc') && !(name === 'n' && value === 'false')) {
    throw new Failure({
      kind: 'usage',
      what: place === '--' ? `-${name} cannot be used after --` : `-${name} cannot be in GOFLAGS`,
      where,
      key,
      why: known.why,
      fix: place === '--' ? known.fix.replace('from GOFLAGS', 'from the flags after --') : known.fix,
    })
  }
  if (name !== 'buildmode' || value === undefined || programModes.includes(value)) return
  throw new Failure({
    kind: 'usage',
    what: `-buildmode=${value} makes no program`,
    where: where ?? 'the flags after --',
    key,
    why: `an image needs one to start; -buildmode may be ${programModes.join(', ')}`,
    fix: place === '--' ? 'remove -buildmode from the flags after --' : 'remove -buildmode from GOFLAGS',
  })
}

/** One `-ldflags` word for go. */
export function ldflagsWord(words: readonly string[]): string {
  return `-ldflags=${joinQuoted(words, 'the linker flags')}`
}
