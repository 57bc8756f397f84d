import * as v from 'valibot'
import { cTable } from '../c-toolchains/options.ts'
import { goTable } from './go/options.ts'
import { rustTable } from './rust/options.ts'
import { zigTable } from './zig/options.ts'

/**
 * Every language with its table of xbuild.toml. The choices of --lang and `lang`, the keys of xbuild.toml and their types
 * follow from it; the other tables of languages do not compile until they have the same names.
 */
export const languageTables = {
  go: v.optional(goTable, {}),
  rust: v.optional(rustTable, {}),
  zig: v.optional(zigTable, {}),
}

/** The languages xbuild compiles. */
export type LanguageName = keyof typeof languageTables

export const languageNames = Object.keys(languageTables) as readonly LanguageName[]

/** The tables that say how to compile: those of the languages and `[c]`. */
export const compileTables = { ...languageTables, c: v.optional(cTable, {}) }

/** `[go]`, `[rust]`, `[zig]` and `[c]` of xbuild.toml with their defaults filled in. */
export type LanguageOptions = {
  readonly [Name in keyof typeof compileTables]: Readonly<v.InferOutput<(typeof compileTables)[Name]>>
}
