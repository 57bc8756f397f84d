import type { CommandModule, Options as FlagOptions } from 'yargs'
import { Failure } from '../errors.ts'
import { closestMatch } from '../util/closest-match.ts'

type Commands = readonly CommandModule[]
type Values = Record<string, unknown>

/**
 * What yargs found wrong with the arguments, in our words, with the nearest right flag or value.
 * @param message as yargs words it (its locales/en.json)
 */
export function usageFailure(message: string, args: readonly string[], commands: Commands): Failure {
  const command = chosenCommand(args, commands)
  const help = `xbuild ${nameOf(command)} --help`
  const [, unknown] = /^Unknown arguments?: (.*)$/s.exec(message) ?? []
  if (unknown !== undefined) return unknownArgument(unknown.split(', ')[0] ?? '', args, commands)
  const [, lacking] = /^Not enough arguments following: (.*)$/.exec(message) ?? []
  if (lacking !== undefined) {
    return new Failure({ kind: 'usage', what: `${dashed(lacking)} needs a value`, fix: help })
  }
  const [, name = '', given = '', list = ''] =
    /^Invalid values:\s+Argument: (.+?), Given: "?(.*?)"?, Choices: (.*)/s.exec(message) ?? []
  if (name !== '') {
    const choices = [...list.matchAll(/"(.*?)"/g)].map(([, choice]) => choice as string)
    const suggestion = closestMatch(given, choices)
    return new Failure({
      kind: 'usage',
      what: `${dashed(name)} cannot be ${JSON.stringify(given)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
      why: `it is one of ${choices.join(', ')}`,
      fix: `${dashed(name)} ${suggestion ?? choices[0]}`,
    })
  }
  if (/^Not enough non-option arguments/.test(message)) {
    return new Failure({
      kind: 'usage',
      what: `xbuild ${nameOf(command)} does not say what to look at`,
      fix: `xbuild ${[command.command].flat()[0]}`,
    })
  }
  return new Failure({ kind: 'usage', what: message.trim(), fix: help })
}

/**
 * Refuses `--push=yes`, which yargs would read as false.
 * @throws {Failure} usage
 */
export function checkSwitches(args: readonly string[], commands: Commands): void {
  const flags = flagsOf(chosenCommand(args, commands))
  for (const argument of ownArguments(args)) {
    const [, name = '', value] = /^--(?:no-)?([\w-]+)=(.*)$/s.exec(argument) ?? []
    if (flags[name]?.type !== 'boolean' || value === 'true' || value === 'false') continue
    throw new Failure({
      kind: 'usage',
      what: `--${name} takes no value, but was given ${JSON.stringify(value)}`,
      why: 'it is on when it stands there; --no- before its name turns it off',
      fix: `--${name}`,
    })
  }
}

/** The flags that take one value and were given several, each with its last, which counts as with docker. */
export function lastValues(argv: Values, commands: Commands): Values {
  const lists = new Set(
    commands
      .flatMap(command => Object.entries(flagsOf(command)))
      .filter(([, flag]) => flag.array)
      .flatMap(([name, { alias }]) => [name, camelCase(name), ...[alias ?? []].flat()]),
  )
  return Object.fromEntries(
    Object.entries(argv)
      .filter(([name, value]) => Array.isArray(value) && !['_', '--'].includes(name) && !lists.has(name))
      .map(([name, value]) => [name, (value as unknown[]).at(-1)]),
  )
}

function unknownArgument(name: string, args: readonly string[], commands: Commands): Failure {
  const command = chosenCommand(args, commands)
  const own = ownArguments(args)
  if (own.includes(name)) {
    return new Failure({
      kind: 'usage',
      what: `Unexpected argument ${JSON.stringify(name)}`,
      why: `the usage is: xbuild ${[command.command].flat()[0]}`,
      fix: `xbuild ${nameOf(command)} --help`,
    })
  }
  const flag = own.some(argument => argument.startsWith(`--${name}`)) ? `--${name}` : dashed(name)
  const others = commands.filter(other => name in flagsOf(other)).map(nameOf)
  const suggestion = closestMatch(name, Object.keys(flagsOf(command)))
  return new Failure({
    kind: 'usage',
    what: `Unknown flag ${flag}${suggestion ? `; did you mean --${suggestion}?` : ''}`,
    why:
      others.length > 0
        ? `it is a flag of xbuild ${others.join(', ')}, not of xbuild ${nameOf(command)}`
        : 'arguments for the toolchain stand after --',
    fix: `xbuild ${nameOf(command)} --help`,
  })
}

/** The command that the arguments name; the first where they name none. */
function chosenCommand(args: readonly string[], commands: Commands): CommandModule {
  const named = commands.find(command => ownArguments(args).includes(nameOf(command)))
  return named ?? (commands[0] as CommandModule)
}

function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end < 0 ? args : args.slice(0, end)
}

function nameOf({ command }: CommandModule): string {
  return [command].flat()[0]?.split(' ')[0] ?? ''
}

function flagsOf({ builder }: CommandModule): Readonly<Record<string, FlagOptions>> {
  return (builder ?? {}) as Record<string, FlagOptions>
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
