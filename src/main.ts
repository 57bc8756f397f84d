import yargs, { type CommandModule } from 'yargs'
import { benchCommand } from './commands/bench.ts'
import { buildCommand } from './commands/build.ts'
import { dockerfileCommand } from './commands/dockerfile.ts'
import { planCommand } from './commands/plan.ts'
import { checkSwitches, lastValues, usageFailure } from './commands/usage.ts'
import { verifyCommand } from './commands/verify.ts'
import { Failure, isFailure } from './errors.ts'
import { listenForInterrupts } from './interrupt.ts'
import { killRunning } from './process.ts'
import { describeBug, describeFailure, exitCodeOf, failureJson } from './ui/messages.ts'
import { version } from './version.ts'

const commands = [
  buildCommand,
  planCommand,
  dockerfileCommand,
  verifyCommand,
  benchCommand,
] as readonly CommandModule[]

/**
 * Runs the program with its arguments.
 * @returns the exit code (errors.ts).
 */
export async function main(args: readonly string[]): Promise<number> {
  listenForInterrupts()
  process.stdout.on('error', endWithoutStdout)
  try {
    checkSwitches(args, commands)
    await parser(args).parseAsync()
    return 0
  } catch (error) {
    const json = args.includes('--json') ? failureJson(error) : undefined
    if (json) process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`)
    process.stderr.write(`${isFailure(error) ? describeFailure(error) : describeBug(error)}\n`)
    return exitCodeOf(error)
  } finally {
    killRunning()
  }
}

function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h')
}

/** Whoever read the result is gone (`xbuild plan | head`), or there is no room for it. */
function endWithoutStdout({ code, message }: NodeJS.ErrnoException): void {
  const failure = new Failure({
    kind: 'usage',
    what: 'The result cannot be written',
    where: 'stdout',
    why: message,
    fix: 'send stdout elsewhere',
  })
  if (code !== 'EPIPE') process.stderr.write(`${describeFailure(failure)}\n`)
  killRunning()
  process.exit(failure.exitCode)
}

function parser(args: readonly string[]) {
  const program = yargs([...args])
    .scriptName('xbuild')
    .usage(
      '$0 [command] [dir] [-- arguments for the toolchain]\n\nMulti-architecture images for Go, Rust and Zig, compiled natively, without QEMU.',
    )
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
    .epilogue(
      'Exit codes: 0 ok, 1 a check said no, 2 usage or configuration, 3 project not understood, 4 tool missing or too old, ' +
        '5 compile failed, 6 verification failed, 7 image backend failed, 8 registry, 70 bug in xbuild, 130 interrupted.',
    )
    .exitProcess(false)
    .fail((message, error) => {
      // yargs throws its own mistakes as YError, and ours as they were thrown.
      throw error && error.name !== 'YError' ? error : usageFailure(message ?? error.message, args, commands)
    })
  for (const command of commands) program.command(command)
  if (!asksForHelp(args)) withoutHelp(program)
  return program
}

/**
 * yargs lays out a command's help whenever it runs one, lest it be asked for later, and no public switch keeps it from
 * that: 60 ms, in which nothing else gets on. A yargs without these methods only starts more slowly.
 */
function withoutHelp(program: object): void {
  const { getInternalMethods } = program as {
    getInternalMethods?: () => { getUsageInstance?: () => { cacheHelpMessage: () => void } }
  }
  const usage = getInternalMethods?.call(program).getUsageInstance?.()
  if (usage) usage.cacheHelpMessage = () => {}
}
