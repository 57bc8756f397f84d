import { resolve } from 'node:path'
import type { CommandLine } from './build/early/start.ts'
import { benchCommand } from './commands/bench.ts'
import { buildCommand } from './commands/build.ts'
import { cacheCommand } from './commands/cache.ts'
import { ciCommand } from './commands/ci.ts'
import type { Command } from './commands/command.ts'
import { completionCommand, manCommand } from './commands/completion.ts'
import { dockerfileCommand } from './commands/dockerfile.ts'
import { doctorCommand } from './commands/doctor.ts'
import { initCommand } from './commands/init.ts'
import { lintCommand } from './commands/lint.ts'
import { mergeCommand } from './commands/merge.ts'
import { planCommand } from './commands/plan.ts'
import { pushCommand } from './commands/push.ts'
import { selfCheckCommand } from './commands/self-check.ts'
import { updateCommand } from './commands/update.ts'
import { verifyCommand } from './commands/verify.ts'
import { Failure } from './errors.ts'
import { killRunning } from './process.ts'
import { errorText } from './ui/error-text.ts'
import { helpEpilogue } from './ui/help.ts'
import { installedGuides } from './ui/installed-guides.ts'
import { describeBug, describeFailure, exitCodeOf, failureJson } from './ui/messages.ts'
import { printJson } from './util/printable.ts'
import { redact } from './util/redact.ts'
import { systemFailure } from './util/system-failure.ts'
import { chromeTrace, timeline } from './util/timeline.ts'
import { writeUserFile } from './util/write-user-file.ts'
import { runCommand } from './yargs-adapter.ts'

const summary = 'Multi-architecture container images for Go, Rust and Zig, compiled natively, without QEMU.'

const exitCodeList =
  '0 ok, 1 a check failed, 2 usage or configuration, 3 project not understood, 4 tool missing or too old, ' +
  '5 compile failed, 6 verification failed, 7 image backend failed, 8 registry, 70 bug in xbuild, 130 interrupted.'

/** Every command; the first is the one that runs where none is named. */
const commands: readonly Command[] = [
  buildCommand,
  planCommand,
  dockerfileCommand,
  verifyCommand,
  mergeCommand,
  pushCommand,
  doctorCommand,
  lintCommand,
  initCommand,
  benchCommand,
  selfCheckCommand,
  updateCommand,
  cacheCommand,
  ciCommand,
  completionCommand(() => commands),
  manCommand(() => commands, { summary, exitCodes: exitCodeList }),
]

const helpTexts = {
  usage: `$0 [command] [dir] [-- arguments for the toolchain]\n\n${summary}`,
  epilogue: helpEpilogue(exitCodeList, installedGuides()),
}

/**
 * Runs the command that a command line names.
 * @returns the exit code (errors.ts).
 */
export async function runProgram(line: CommandLine): Promise<number> {
  const { args } = line
  process.on('uncaughtException', endWithBug)
  process.stdout.on('error', endWithoutStdout)
  try {
    await runCommand(line, commands, helpTexts).catch(async error => {
      await writeTrace().catch(() => {})
      throw error
    })
    await writeTrace()
    return 0
  } catch (thrown) {
    const error = systemFailure(thrown)
    const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
    const json = own.some(word => /^--json(=true)?$/.test(word)) ? failureJson(error) : undefined
    if (json) process.stdout.write(`${printJson(json)}\n`)
    process.stderr.write(errorText(error))
    return exitCodeOf(error)
  }
}

/** Writes where the time went to the file that XBUILD_TRACE names, however the command ended. */
async function writeTrace(): Promise<void> {
  const path = process.env['XBUILD_TRACE']
  if (!path) return
  const spans = timeline().map(span => ({ ...span, name: redact(span.name) }))
  await writeUserFile(resolve(path), `${JSON.stringify(chromeTrace(spans))}\n`, 'XBUILD_TRACE')
}

/** An error that nobody awaits; Node.js itself would print the whole minified line that it came from. */
function endWithBug(thrown: unknown): void {
  const error = systemFailure(thrown)
  process.stderr.write(error === thrown ? `${describeBug(error)}\n` : errorText(error))
  killRunning()
  process.exit(exitCodeOf(error))
}

/** The reader of the result is gone (`xbuild plan | head`), or the disk is full. */
function endWithoutStdout({ code, message }: NodeJS.ErrnoException): void {
  const failure = new Failure({
    kind: 'usage',
    what: 'The result cannot be written',
    where: 'stdout',
    why: message,
    fix: 'redirect stdout to a file with enough space',
  })
  if (code !== 'EPIPE') process.stderr.write(`${describeFailure(failure)}\n`)
  killRunning()
  process.exit(failure.exitCode)
}
