import type { PositionalOptions } from 'yargs'
import type { CommandLine } from '../build/early/start.ts'
import type { Flags, FlagValues } from '../config/flags.ts'

type Positionals = Readonly<Record<string, PositionalOptions>>

/** What a command is called with: the values of its positional arguments and flags. */
export type Arguments<F extends Flags> = FlagValues<F> & {
  /** What comes after `--`. */
  readonly toolchainArgs?: readonly string[] | undefined
}

/** One command of the program: a record in the table of program.ts. */
export interface Command<P extends Positionals = Positionals, F extends Flags = Flags> {
  /** As the usage shows it: "build [dir]". Its first word is the command's name. */
  readonly usage: string
  readonly describe: string
  /** Calls that --help shows: the arguments after `xbuild`, and what they do. */
  readonly examples?: readonly (readonly [args: string, does: string])[]
  /** Of the names that `usage` has in brackets. */
  readonly positionals: P
  readonly flags: F
  /** Flags of earlier versions, each with its name of today. */
  readonly renamed?: Readonly<Record<string, string>>
  /** Does it. A method, so that commands of different flags go into one table. */
  run(argv: Arguments<P & F>, line: CommandLine): Promise<void>
}

/** Types the arguments of `run` by the flags. */
export function defineCommand<const P extends Positionals, const F extends Flags>(
  command: Command<P, F>,
): Command<P, F> {
  return command
}

/** The folder of the project, for commands that work on one. */
export const dirPositional = {
  dir: { type: 'string', describe: 'Folder of the project (.)' },
} as const satisfies Positionals

/** The first word of the command's usage. */
export function nameOf({ usage }: Pick<Command, 'usage'>): string {
  return usage.split(' ')[0] as string
}
