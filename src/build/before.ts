import { stat } from 'node:fs/promises'
import { Failure } from '../errors.ts'
import { type RunResult, run } from '../process.ts'
import { runTask } from '../recorder.ts'
import type { Command, Emit } from '../types.ts'

/** What a person can undo it with. */
const skip = 'or --no-before, which skips the steps'

/** Lines of a failed command's output that are shown. */
const shownLines = 60

/**
 * Runs what `[build] before` of xbuild.toml says, one command after the other.
 * @throws {Failure} compile, with the tool's own output, when one fails; tool, when it is not there.
 */
export async function runBefore(
  commands: readonly Command[],
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<void> {
  const tasks = commands.map((command, at) => ({ id: `before:${at}`, title: titleOf(command) }))
  emit({ type: 'plan', tasks })
  for (const [at, command] of commands.entries()) {
    await runTask(emit, `before:${at}`, async task => {
      const onLine = (line: string) => {
        if (line.trim()) task.progress(line.trim())
      }
      await checkFolder(command)
      const result = await run(command, { signal, onStdout: onLine, onStderr: onLine })
      if (!result.ok) throw beforeFailed(command, result)
      task.detail(`${result.seconds.toFixed(1)} s`)
    })
  }
}

const titleOf = ({ tool, args }: Command) => [tool, ...args].join(' ')

async function checkFolder({ cwd }: Command): Promise<void> {
  const found = await stat(cwd).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new Failure({
    kind: 'usage',
    what: `There is no folder ${cwd}`,
    where: '[build] before of xbuild.toml',
    why: 'cwd names a folder of the project',
    fix: `fix cwd, ${skip}`,
  })
}

const howItEnded = ({ signal, exitCode }: RunResult) =>
  signal ? `it was ended by ${signal}` : `it exited with ${exitCode}`

function beforeFailed(command: Command, result: RunResult): Failure {
  const output = `${result.stdout}\n${result.stderr}`.split('\n').filter(line => line.trim())
  const hidden = output.length - shownLines
  return new Failure({
    kind: 'compile',
    what: `${titleOf(command)} failed: ${howItEnded(result)}`,
    where: `${command.cwd}, [build] before of xbuild.toml`,
    why: [...(hidden > 0 ? [`… ${hidden} lines before`] : []), ...output.slice(-shownLines)].join('\n'),
    fix: `fix the error above, ${skip}`,
  })
}
