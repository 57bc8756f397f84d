import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Flags } from '../config/flags.ts'
import { tablesOf } from '../config/known-keys.ts'
import { Failure } from '../errors.ts'
import { closestMatch } from '../util/closest-match.ts'
import { type Command, nameOf } from './command.ts'
import { insteadOfCommand, insteadOfFlag, longName } from './elsewhere.ts'

type Commands = readonly Command[]

/** What can be wrong with the arguments. Names are those of flags, without dashes. */
export type UsageFault =
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'no value'; readonly name: string }
  | {
      readonly kind: 'not a choice'
      readonly name: string
      readonly given: string
      readonly choices: readonly string[]
    }
  | { readonly kind: 'conflict'; readonly names: readonly [string, string] }
  | { readonly kind: 'no argument' }
  | { readonly kind: 'other'; readonly message: string }

/** A mistake in the arguments as a failure, with the closest right flag or value. */
export function usageFailure(fault: UsageFault, args: readonly string[], commands: Commands): Failure {
  const command = chosenCommand(args, commands)
  const help = `xbuild ${nameOf(command)} --help`
  switch (fault.kind) {
    case 'unknown':
      return unknownArgument(fault.name, args, commands)
    case 'no value':
      return noValue(fault.name, args, help)
    case 'not a choice':
      return notAChoice(fault, command)
    case 'conflict': {
      const [first, second] = fault.names.map(dashed)
      return new Failure({
        kind: 'usage',
        what: `${first} and ${second} cannot be used together`,
        fix: `leave one of them out: ${first} or ${second}`,
      })
    }
    case 'no argument':
      return new Failure({
        kind: 'usage',
        what: `xbuild ${nameOf(command)} needs an argument`,
        fix: `xbuild ${command.usage}`,
      })
    case 'other':
      return new Failure({ kind: 'usage', what: fault.message, fix: help })
  }
}

/**
 * Checks that every argument with a dash is a flag of the command, and that switches have no value: before yargs, which
 * reads `--push=yes` as false, `--no-tag` as a tag called false, and `--base.x=1` as a table.
 * @throws {Failure} usage
 */
export function checkFlags(args: readonly string[], commands: Commands): void {
  const { flags } = chosenCommand(args, commands)
  const known = new Map(Object.entries({ ...flags, ...ownFlags }).flatMap(spellings))
  for (const argument of ownArguments(args)) {
    if (!/^-./.test(argument) || /^-[\d.]/.test(argument)) continue
    const [, dashes = '', given = '', value] = /^(-+)([^=]*)(?:=(.*))?$/s.exec(argument) ?? []
    const name = dashes === '-' ? given.slice(0, 1) : given
    const isNegated = dashes === '--' && name.startsWith('no-') && !known.has(name)
    const flag = known.get(isNegated ? name.slice('no-'.length) : name)
    if (flag === undefined || dashes.length > 2 || (isNegated && flag.type !== 'boolean')) {
      throw unknownFlag(name, dashes + name, args, commands)
    }
    if (flag.type !== 'boolean' || dashes === '-' || value === undefined) continue
    if (value === 'true' || value === 'false') continue
    throw new Failure({
      kind: 'usage',
      what: `--${name} takes no value, but was given ${JSON.stringify(value)}`,
      why: `--${name} turns it on, and --no-${name} turns it off`,
      fix: `--${name}`,
    })
  }
}

/** Flags of every command. */
const ownFlags: Flags = {
  help: { type: 'boolean', alias: 'h' },
  version: { type: 'boolean', alias: 'v' },
}

/** A flag by each of its names, those in camel case too, which yargs takes as well. */
function spellings([name, flag]: [string, Flags[string]]): [string, Flags[string]][] {
  const camelCase = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  return [name, camelCase, ...[flag.alias ?? []].flat()].map(each => [each, flag])
}

/**
 * Refuses a folder that does not exist and looks like a command: `xbuild biuld`, `xbuild version`.
 * @throws {Failure} usage
 */
export function checkFolder(dir: string, commands: Commands): void {
  if (!/^[\w-]+$/.test(dir) || existsSync(resolve(dir))) return
  throw unknownCommand(dir, commands)
}

/** A word that is no command, with the one that was probably meant. */
export function unknownCommand(word: string, commands: Commands): Failure {
  const instead = insteadOfCommand(word)
  const command = instead === undefined ? closestMatch(word, commands.map(nameOf)) : undefined
  return new Failure({
    kind: 'usage',
    what: `There is no command or folder ${JSON.stringify(word)}${command ? `; did you mean ${command}?` : ''}`,
    fix: instead ?? (command ? `xbuild ${command}` : 'xbuild --help'),
  })
}

function noValue(name: string, args: readonly string[], help: string): Failure {
  const flag = args.find((argument, at) => argument.startsWith('-') && args[at + 1] === '-')
  if (flag === undefined) {
    return new Failure({ kind: 'usage', what: `${dashed(name)} needs a value`, fix: help })
  }
  return new Failure({
    kind: 'usage',
    what: `${flag} cannot be "-"`,
    why: 'standard output carries the result of the command, so anything else goes to a file',
    fix: `${flag} FILE`,
  })
}

function notAChoice(
  { name, given, choices }: Extract<UsageFault, { kind: 'not a choice' }>,
  command: Command,
): Failure {
  const suggestion = closestMatch(given, choices)
  const isPositional = name in (command.positionals ?? {})
  const word = isPositional ? name : dashed(name)
  const start = isPositional ? `xbuild ${nameOf(command)}` : dashed(name)
  return new Failure({
    kind: 'usage',
    what: `${word} cannot be ${JSON.stringify(given)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    why: `it is one of ${choices.join(', ')}`,
    // The first of a flag's choices is its default, but a language has none.
    fix:
      suggestion === undefined && name === 'lang'
        ? `leave ${word} out`
        : `${start} ${suggestion ?? choices[0]}`,
  })
}

function unknownArgument(name: string, args: readonly string[], commands: Commands): Failure {
  const command = chosenCommand(args, commands)
  const own = ownArguments(args)
  const [first = ''] = own
  // `xbuild image ls`: the second word is one too many because the first is no command.
  if (own.includes(name) && /^\w[\w-]*$/.test(first) && !commands.some(item => nameOf(item) === first)) {
    if (!existsSync(resolve(first))) return unknownCommand(first, commands)
  }
  if (own.includes(name)) {
    return new Failure({
      kind: 'usage',
      what: `Unexpected argument ${JSON.stringify(name)}`,
      why: `the usage is: xbuild ${command.usage}`,
      fix: `xbuild ${nameOf(command)} --help`,
    })
  }
  const flag = own.some(argument => argument.startsWith(`--${name}`)) ? `--${name}` : dashed(name)
  return unknownFlag(name, flag, args, commands)
}

function unknownFlag(name: string, flag: string, args: readonly string[], commands: Commands): Failure {
  const command = chosenCommand(args, commands)
  const long = longName(name)
  const renamed = Object.hasOwn(command.renamed ?? {}, name) ? command.renamed?.[name] : undefined
  if (renamed !== undefined) {
    return new Failure({ kind: 'usage', what: `${flag} is now called --${renamed}`, fix: `--${renamed}` })
  }
  const instead = insteadOfFlag(name)
  const positive = name.replace(/^no-/, '')
  if (instead === undefined && positive !== name && Object.hasOwn(command.flags, positive)) {
    return new Failure({
      kind: 'usage',
      what: `--${positive} is no switch, so there is no ${flag}`,
      fix: `leave --${positive} out`,
    })
  }
  const keys = instead ? [] : tablesOf(long)
  const others = commands.filter(other => Object.hasOwn(other.flags, name)).map(nameOf)
  const isElsewhere = instead !== undefined || keys.length > 0 || others.length > 0
  const suggestion = isElsewhere
    ? undefined
    : closestMatch(name, [...Object.keys(command.flags), ...Object.keys(ownFlags)])
  return new Failure({
    kind: 'usage',
    what: `Unknown flag ${flag}${suggestion ? `; did you mean --${suggestion}?` : ''}`,
    why:
      others.length > 0
        ? `it is a flag of ${others.map(name => `xbuild ${name}`).join(', ')}, not of xbuild ${nameOf(command)}`
        : instead
          ? instead.why
          : keys.length > 0
            ? `it is a key of xbuild.toml: ${keys.map(table => `[${table}] ${long}`).join(', ')}`
            : 'arguments for the toolchain go after --',
    fix:
      others.length > 0 || !isElsewhere
        ? `xbuild ${nameOf(command)} --help`
        : (instead?.fix ?? `${long} in [${keys[0]}] of xbuild.toml`),
  })
}

/** The command that the arguments name; the first where they name none. */
export function chosenCommand(args: readonly string[], commands: Commands): Command {
  const named = ownArguments(args)
    .map(word => commands.find(command => nameOf(command) === word))
    .find(command => command !== undefined)
  return named ?? (commands[0] as Command)
}

function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}
