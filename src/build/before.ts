import { stat } from 'node:fs/promises'
import { Failure, isFailure } from '../errors.ts'
import { type RunResult, run } from '../process.ts'
import { runTask } from '../recorder.ts'
import type { Command, Emit } from '../types.ts'
import { quoteWord } from '../util/quote-word.ts'

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
      await checkFolder(command, at)
      const result = await run(command, { signal, onStdout: onLine, onStderr: onLine }).catch(error => {
        throw isFailure(error, 'tool') ? notThere(command, at, error) : error
      })
      if (!result.ok) throw beforeFailed(command, at, result)
      task.detail(`${result.seconds.toFixed(1)} s`)
    })
  }
}

/** What a step is called: its words. */
export const titleOf = ({ tool, args }: Command) => [tool, ...args].map(quoteWord).join(' ')

/** A step whose program is not there, or is none: people write down what a shell would understand. */
function notThere({ tool, args }: Command, at: number, error: Failure): Failure {
  const [, words] = /^(\S+\s.*)$/.exec(tool) ?? []
  const hint = words
    ? `no shell reads it, so each word is an item of its own: ${JSON.stringify(words.split(/\s+/))}`
    : tool === 'cd'
      ? `no shell runs it: { args = […], cwd = ${JSON.stringify(args[0] ?? 'web')} } runs a step in a folder`
      : undefined
  return new Failure({
    kind: 'tool',
    what: error.what,
    where: '[build] before of xbuild.toml',
    key: ['build', 'before', at],
    why: [error.why, hint].filter(Boolean).join('\n'),
    fix: `${hint ? 'fix the step' : `install ${quoteWord(tool)}`}, ${skip}`,
    cause: error,
  })
}

async function checkFolder({ cwd }: Command, at: number): Promise<void> {
  const found = await stat(cwd).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new Failure({
    kind: 'usage',
    what: `There is no folder ${cwd}`,
    where: '[build] before of xbuild.toml',
    key: ['build', 'before', at],
    why: 'cwd names a folder of the project',
    fix: `fix cwd, ${skip}`,
  })
}

const howItEnded = ({ signal, exitCode }: RunResult) =>
  signal ? `it was ended by ${signal}` : `it exited with ${exitCode}`

function beforeFailed(command: Command, at: number, result: RunResult): Failure {
  const output = `${result.stdout}\n${result.stderr}`.split('\n').filter(line => line.trim())
  const hidden = output.length - shownLines
  return new Failure({
    kind: 'compile',
    what: `${titleOf(command)} failed: ${howItEnded(result)}`,
    where: command.cwd,
    key: ['build', 'before', at],
    why: [...(hidden > 0 ? [`… ${hidden} lines before`] : []), ...output.slice(-shownLines)].join('\n'),
    fix: `fix the error above, ${skip}`,
  })
}
