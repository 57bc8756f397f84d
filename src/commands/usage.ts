import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Failure } from '../errors.ts'
import { closestMatch } from '../util/closest-match.ts'
import { type Command, nameOf } from './command.ts'

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
      return new Failure({ kind: 'usage', what: `${dashed(fault.name)} needs a value`, fix: help })
    case 'not a choice':
      return notAChoice(fault)
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
 * Refuses `--push=yes`, which yargs would read as false.
 * @throws {Failure} usage
 */
export function checkSwitches(args: readonly string[], commands: Commands): void {
  const { flags } = chosenCommand(args, commands)
  for (const argument of ownArguments(args)) {
    const [, name = '', value] = /^--(?:no-)?([\w-]+)=(.*)$/s.exec(argument) ?? []
    if (flags[name]?.type !== 'boolean' || value === 'true' || value === 'false') continue
    throw new Failure({
      kind: 'usage',
      what: `--${name} takes no value, but was given ${JSON.stringify(value)}`,
      why: `--${name} turns it on, and --no-${name} turns it off`,
      fix: `--${name}`,
    })
  }
}

/**
 * Refuses a folder that does not exist and is spelt like a command: `xbuild biuld`.
 * @throws {Failure} usage
 */
export function checkFolder(dir: string, commands: Commands): void {
  if (existsSync(resolve(dir))) return
  const command = closestMatch(dir, commands.map(nameOf))
  if (command === undefined) return
  throw new Failure({
    kind: 'usage',
    what: `There is no command or folder ${JSON.stringify(dir)}; did you mean ${command}?`,
    fix: `xbuild ${command}`,
  })
}

function notAChoice({ name, given, choices }: Extract<UsageFault, { kind: 'not a choice' }>): Failure {
  const suggestion = closestMatch(given, choices)
  return new Failure({
    kind: 'usage',
    what: `${dashed(name)} cannot be ${JSON.stringify(given)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    why: `it is one of ${choices.join(', ')}`,
    fix: `${dashed(name)} ${suggestion ?? choices[0]}`,
  })
}

function unknownArgument(name: string, args: readonly string[], commands: Commands): Failure {
  const command = chosenCommand(args, commands)
  const own = ownArguments(args)
  if (own.includes(name)) {
    return new Failure({
      kind: 'usage',
      what: `Unexpected argument ${JSON.stringify(name)}`,
      why: `the usage is: xbuild ${command.usage}`,
      fix: `xbuild ${nameOf(command)} --help`,
    })
  }
  const flag = own.some(argument => argument.startsWith(`--${name}`)) ? `--${name}` : dashed(name)
  const renamed = command.renamed?.[name]
  if (renamed !== undefined) {
    return new Failure({
      kind: 'usage',
      what: `${flag} is now called --${renamed}`,
      fix: `--${renamed}`,
    })
  }
  const others = commands.filter(other => name in other.flags).map(nameOf)
  const suggestion = closestMatch(name, Object.keys(command.flags))
  return new Failure({
    kind: 'usage',
    what: `Unknown flag ${flag}${suggestion ? `; did you mean --${suggestion}?` : ''}`,
    why:
      others.length > 0
        ? `it is a flag of xbuild ${others.join(', ')}, not of xbuild ${nameOf(command)}`
        : 'arguments for the toolchain go after --',
    fix: `xbuild ${nameOf(command)} --help`,
  })
}

/** The command that the arguments name; the first where they name none. */
function chosenCommand(args: readonly string[], commands: Commands): Command {
  const named = commands.find(command => ownArguments(args).includes(nameOf(command)))
  return named ?? (commands[0] as Command)
}

function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}
