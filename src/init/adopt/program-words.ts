import type { Program } from '../../dockerfile/final-image.ts'
import { parseShell } from '../../dockerfile/shell.ts'

/** The words of a command that needs no shell; undefined where it does: variables, pipes, several commands. */
export function wordsOf(program: Program): readonly string[] | undefined {
  if ('words' in program) return program.words
  const { shell } = program
  if (/[$`|&;<>*?~()]/.test(shell)) return undefined
  const commands = parseShell({ text: shell, at: index => index })
  const [command] = commands
  if (!command || commands.length > 1 || command.assignments.length > 0) return undefined
  return command.words.map(({ value }) => value)
}

/** The words with which an engine runs it in the Dockerfile's own image. */
export function withShell(program: Program): readonly string[] {
  return 'words' in program ? program.words : ['/bin/sh', '-c', program.shell]
}

/** The programs that distributions bring along and distroless does not. */
const ofDistributions = new Set(
  'sh ash bash dash zsh wget curl nc cat test pgrep busybox env exec tini dumb-init gosu su-exec'.split(' '),
)

/** Whether the command is one of a distribution, rather than one that the image copies. */
export function isOfDistribution([first = '']: readonly string[]): boolean {
  return ofDistributions.has(first.replace(/^.*\//, ''))
}
