import * as v from 'valibot'
import { isFailure } from '../errors.ts'
import { type Platform, parsePlatform } from '../platforms.ts'
import { table } from '../util/string-table.ts'

/**
 * The key `platform` of a language's table in xbuild.toml: what is different for one platform, by its name. Of the same
 * keys as the language's own, without defaults.
 */
export function platformTable<const S extends v.GenericSchema>(values: S) {
  return v.optional(v.pipe(table(values, platformName), v.check(namesOnce, saysTwice)), {})
}

/**
 * The key `program` of a language's table: what is different for one program, by the name of its executable. Of the same
 * keys as the table of a platform, and one of those in addition.
 */
export function programTable<const S extends v.GenericSchema>(values: S) {
  return v.optional(table(values, programName), {})
}

const programName = v.pipe(v.string(), v.regex(/^[^/]+$/, 'the name of an executable, without its folder'))

const platformName = v.pipe(
  v.string(),
  v.check(
    name => nameProblem(name) === undefined,
    ({ input }) => `a platform that xbuild builds for (${nameProblem(input)})`,
  ),
)

function nameProblem(name: string): string | undefined {
  try {
    parsePlatform(name)
    return undefined
  } catch (error) {
    return isFailure(error) ? error.what.replace(/^[^;]*; /, '') : String(error)
  }
}

/** Names that mean the platform of an earlier one: `linux/armv7` after `linux/arm/v7`. */
function repeated(tables: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(tables).filter(name => nameProblem(name) === undefined)
  const platforms = names.map(parsePlatform)
  return names.filter((_, at) => platforms.indexOf(platforms[at] as Platform) !== at)
}

const namesOnce = (tables: Readonly<Record<string, unknown>>) => repeated(tables).length === 0

function saysTwice({ input }: { readonly input: Readonly<Record<string, unknown>> }): string {
  const names = repeated(input).map(name => `${name} is ${parsePlatform(name).id}`)
  return `one table for each platform (${names.join(', ')})`
}
