import { type Platform, parsePlatform } from '../platforms.ts'
import type { Executable } from './language.ts'
import { type LanguageName, type LanguageOptions, languageNames } from './options.ts'

/** What is compiled with the same options: programs for platforms. */
export interface Variant {
  readonly platforms: readonly Platform[]
  readonly options: LanguageOptions
  /** The program that has a table of its own; absent for all that have none. */
  readonly program?: string
}

/**
 * The tables of xbuild.toml as one platform has them, and one program: each key of its own, and tables of variables joined.
 * The program goes before the platform, and `[go.program.NAME.platform."…"]` before both.
 */
export function optionsFor(options: LanguageOptions, platform: Platform, program?: string): LanguageOptions {
  const tables = languageNames.map(name => {
    const { platform: byPlatform, program: byProgram, ...shared } = options[name]
    const { platform: ofProgram, ...own } = programTableOf(byProgram, program)
    const layers = [tableOf(byPlatform, platform), own, tableOf(ofProgram, platform)]
    return [name, { ...layers.reduce(overlaid, shared), platform: {}, program: {} }]
  })
  return { ...options, ...(Object.fromEntries(tables) as Partial<LanguageOptions>) }
}

/** The platforms by what they are compiled with, for one program or for those without a table. */
export function variantsOf(
  options: LanguageOptions,
  platforms: readonly Platform[],
  program?: string,
): Variant[] {
  const found = new Map<string, Variant & { readonly platforms: Platform[] }>()
  for (const platform of platforms) {
    const own = optionsFor(options, platform, program)
    const key = JSON.stringify(own)
    const variant = found.get(key) ?? {
      platforms: [],
      options: own,
      ...(program !== undefined && { program }),
    }
    variant.platforms.push(platform)
    found.set(key, variant)
  }
  return [...found.values()]
}

/** The variants of chosen executables, each with those that it is for; programs with tables of their own come last. */
export function variantsOfAll(
  name: LanguageName,
  options: LanguageOptions,
  platforms: readonly Platform[],
  executables: readonly Executable[],
): (Variant & { readonly executables: readonly Executable[] })[] {
  const own = executables.filter(item => Object.hasOwn(options[name].program, item.name))
  const others = executables.filter(item => !own.includes(item))
  return [
    ...(others.length > 0 || own.length === 0
      ? variantsOf(options, platforms).map(variant => ({ ...variant, executables: others }))
      : []),
    ...own.flatMap(item =>
      variantsOf(options, platforms, item.name).map(variant => ({ ...variant, executables: [item] })),
    ),
  ]
}

/** `[go.platform."linux/arm/v7"]` of each table that is for none of the platforms. */
export function idleTables(options: LanguageOptions, platforms: readonly Platform[]): string[] {
  const idle = (path: string, tables: object) =>
    Object.keys(tables)
      .filter(id => !platforms.includes(parsePlatform(id)))
      .map(id => `[${path}.platform.${JSON.stringify(id)}]`)
  return languageNames.flatMap(name => [
    ...idle(name, options[name].platform),
    ...Object.entries(options[name].program).flatMap(([program, table]) =>
      idle(`${name}.program.${keyOf(program)}`, table.platform),
    ),
  ])
}

/** A key as TOML has it: bare where it may be. */
export const keyOf = (name: string) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name))

type Keys = Readonly<Record<string, unknown>>
/** By names that a person chooses. */
type Tables = Readonly<Record<string, unknown>>
type ProgramTable = Keys & { readonly platform: Tables }

function programTableOf(tables: Readonly<Record<string, ProgramTable>>, program = ''): ProgramTable {
  return Object.hasOwn(tables, program) ? (tables[program] as ProgramTable) : { platform: {} }
}

function tableOf(tables: Tables, platform: Platform): Keys {
  const [, own = {}] = Object.entries(tables).find(([id]) => parsePlatform(id) === platform) ?? []
  return own as Keys
}

function overlaid(shared: Keys, own: Keys): Keys {
  const entries = Object.entries(own).map(([key, value]) => {
    const before = shared[key]
    return [key, isTable(value) && isTable(before) ? { ...before, ...value } : value]
  })
  return { ...shared, ...Object.fromEntries(entries) }
}

const isTable = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
