import type { TomlValue } from '../settings.ts'

/** What a compiling command of a Dockerfile, Makefile or release file says, in the terms of xbuild.toml. */
export interface Build {
  /** Settings of the language's table. */
  readonly settings: Readonly<Record<string, TomlValue>>
  /** The programs, as --bin takes them. */
  readonly bins: readonly string[]
  /** Where the binary is written: a path as the command gives it, or undefined for the toolchain's own place. */
  readonly output: string | undefined
  /** What is done without being told, for a person to read. */
  readonly covered: readonly string[]
  /** What has no key, with the reason. */
  readonly left: readonly string[]
}

/** The value of a flag, with variables and `$(…)` replaced; undefined where it has none that is known. */
export type Resolve = (raw: string) => { readonly text: string; readonly unknown: readonly string[] }

/** A flag of a command line: its name without dashes, and what it was given. */
export interface CommandFlag {
  readonly name: string
  readonly raw: string | undefined
}

/** Splits a command's words into flags and the rest. `valued` are the flags that take the next word. */
export function splitFlags(
  words: readonly string[],
  valued: ReadonlySet<string>,
): { readonly flags: CommandFlag[]; readonly rest: string[] } {
  const flags: CommandFlag[] = []
  const rest: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    const [, name, , raw] = /^["']?--?([A-Za-z][\w-]*)(=([\s\S]*))?$/.exec(word) ?? []
    if (word === '--') {
      rest.push(...words.slice(index + 1))
      break
    }
    if (name === undefined) rest.push(word)
    else if (raw !== undefined) flags.push({ name, raw: /^["']/.test(word) ? word[0] + raw : raw })
    else if (valued.has(name)) flags.push({ name, raw: words[++index] })
    else flags.push({ name, raw: undefined })
  }
  return { flags, rest }
}
