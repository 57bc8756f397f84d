import yargs, { type CommandModule } from 'yargs'
import type { CommandLine } from './build/early/start.ts'
import { type Arguments, type Command, nameOf } from './commands/command.ts'
import {
  checkFlags,
  checkFolder,
  chosenCommand,
  type UsageFault,
  unknownCommand,
  usageFailure,
} from './commands/usage.ts'
import type { Flags } from './config/flags.ts'
import { flagGroups } from './ui/help.ts'
import { version } from './version.ts'

/** What --help says around the commands and flags. */
export interface HelpTexts {
  readonly usage: string
  readonly epilogue: string
}

/** What yargs parses, before it has the types of a command. */
type Parsed = Readonly<Record<string, unknown>>

/**
 * Parses the arguments and runs the command that they name, the first of the table where they name none. Everything that
 * is peculiar about yargs is in this file.
 * @throws {Failure} usage, in our words, for arguments that no command has; what the command throws.
 */
export async function runCommand(
  line: CommandLine,
  commands: readonly Command[],
  texts: HelpTexts,
): Promise<void> {
  const { args: given } = line
  const args = given[0] === 'help' ? helpArguments(given.slice(1), commands) : given
  checkFlags(args, commands)
  const program = yargs(separateValues(args, commands))
    .scriptName('xbuild')
    .usage(texts.usage)
    .parserConfiguration({ 'populate--': true, 'greedy-arrays': false })
    .strict()
    .middleware(argv => {
      Object.assign(argv, lastValues(argv, commands))
    })
    .demandCommand(0)
    .version(version)
    .alias('version', 'v')
    .help()
    .alias('help', 'h')
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .epilogue(texts.epilogue)
    .exitProcess(false)
    .fail((message, error) => {
      // yargs throws its own mistakes as YError, and ours as they were thrown.
      if (error && error.name !== 'YError') throw error
      throw usageFailure(readFault(message ?? error.message), args, commands)
    })
  for (const [index, command] of commands.entries())
    program.command(toModule(command, index === 0, commands, line))
  if (!args.includes('--help') && !args.includes('-h')) withoutHelp(program)
  await program.parseAsync()
}

/** `xbuild help verify` is `xbuild verify --help`. */
function helpArguments(words: readonly string[], commands: readonly Command[]): readonly string[] {
  const [name] = words
  if (name === undefined || name.startsWith('-')) return ['--help']
  if (commands.some(command => nameOf(command) === name)) return [name, '--help']
  throw unknownCommand(name, commands)
}

/**
 * Short flags with their values in one word as long ones: `-tNAME` and `-t=NAME` are `-t NAME` for docker (spf13/pflag), and
 * for yargs `-t -N -A -M -E`.
 */
function separateValues(args: readonly string[], commands: readonly Command[]): string[] {
  const { flags } = chosenCommand(args, commands)
  const long = new Map(
    Object.entries(flags)
      .filter(([, flag]) => flag.type !== 'boolean')
      .flatMap(([name, { alias }]) => [alias ?? []].flat().map(short => [short, name] as const)),
  )
  const end = args.indexOf('--')
  return args.map((argument, at) => {
    if ((end >= 0 && at >= end) || !/^-[^-]./s.test(argument)) return argument
    const name = long.get(argument.charAt(1))
    return name === undefined ? argument : `--${name}=${argument.slice(2).replace(/^=/, '')}`
  })
}

function toModule(
  command: Command,
  isDefault: boolean,
  commands: readonly Command[],
  line: CommandLine,
): CommandModule {
  const { usage, describe, positionals, flags } = command
  return {
    command: isDefault ? [usage, usage.replace(nameOf(command), '$0')] : usage,
    describe,
    builder: program => {
      for (const [name, options] of Object.entries(positionals)) program.positional(name, options)
      for (const [title, names] of Object.entries(flagGroups)) {
        program.group(
          names.filter(name => name in flags),
          title,
        )
      }
      program.example(
        (command.examples ?? []).map(([words, does]) => [`$0 ${words}`, does] as [string, string]),
      )
      return program.options(flags)
    },
    handler: argv => {
      if (argv._.length === 0 && typeof argv['dir'] === 'string') checkFolder(argv['dir'], commands)
      const toolchainArgs = argv['--'] as unknown[] | undefined
      // yargs has checked them against the flags of the command, of which their types are made.
      const typed = { ...argv, ...(toolchainArgs && { toolchainArgs: toolchainArgs.map(String) }) }
      return command.run(typed as Arguments<Flags>, line)
    },
  }
}

/** The flags that take one value and were given several, each with its last, which counts as with docker. */
function lastValues(argv: Parsed, commands: readonly Command[]): Parsed {
  const lists = new Set(
    commands
      .flatMap(({ flags, positionals }) => [...Object.entries(flags), ...Object.entries(positionals)])
      .filter(([, flag]) => flag.array)
      .flatMap(([name, { alias }]) => [name, camelCase(name), ...[alias ?? []].flat()]),
  )
  return Object.fromEntries(
    Object.entries(argv)
      .filter(([name, value]) => Array.isArray(value) && !['_', '--'].includes(name) && !lists.has(name))
      .map(([name, value]) => [name, (value as unknown[]).at(-1)]),
  )
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * What yargs found wrong. It has no codes for its mistakes, only sentences.
 * @param message as yargs words it (its locales/en.json)
 */
function readFault(message: string): UsageFault {
  const [, unknown] = /^Unknown arguments?: (.*)$/s.exec(message) ?? []
  if (unknown !== undefined) return { kind: 'unknown', name: unknown.split(', ')[0] ?? '' }
  const [, lacking] = /^Not enough arguments following: (.*)$/.exec(message) ?? []
  if (lacking !== undefined) return { kind: 'no value', name: lacking }
  const [, name, given = '', list = ''] =
    /^Invalid values:\s+Argument: (.+?), Given: "?(.*?)"?, Choices: (.*)/s.exec(message) ?? []
  if (name !== undefined) {
    const choices = [...list.matchAll(/"(.*?)"/g)].map(([, choice]) => choice as string)
    return { kind: 'not a choice', name, given, choices }
  }
  const [, first, second] = /^Arguments (\S+) and (\S+) are mutually exclusive/.exec(message) ?? []
  if (first !== undefined && second !== undefined) return { kind: 'conflict', names: [first, second] }
  if (/^Not enough non-option arguments/.test(message)) return { kind: 'no argument' }
  return { kind: 'other', message: message.trim() }
}

/**
 * yargs lays out a command's help whenever it runs one, in case it is asked for later, and no public switch turns that
 * off: 60 ms in which nothing else runs. A yargs without these methods only starts more slowly.
 */
function withoutHelp(program: object): void {
  const { getInternalMethods } = program as {
    getInternalMethods?: () => { getUsageInstance?: () => { cacheHelpMessage: () => void } }
  }
  const usage = getInternalMethods?.call(program).getUsageInstance?.()
  if (usage) usage.cacheHelpMessage = () => {}
}
