import { expandWord, type Known } from '../../dockerfile/expand.ts'
import { absolute, type ImageFacts } from '../../dockerfile/final-image.ts'
import type { Instruction } from '../../dockerfile/model.ts'
import { commandsOf, type ShellCommand } from '../../dockerfile/shell.ts'
import { compilesWith } from '../../dockerfile/toolchains.ts'
import type { Build, Resolve } from './build.ts'
import { readCargoBuild } from './cargo-build.ts'
import type { Environment } from './environment.ts'
import { readGoBuild } from './go-build.ts'
import { placeholderFor, placeholderOfScript } from './known-names.ts'
import { readZigBuild } from './zig-build.ts'

/** A command of a RUN, with the folder that it runs in and the variables that it sees. */
export interface RunCommand {
  readonly by: Instruction
  readonly command: ShellCommand
  readonly workdir: string
  /** Of the stage and of the script, by name, those with a value. */
  readonly env: Readonly<Record<string, string>>
  /** The names of those that it sees too, and whose value only docker build or the shell knows. */
  readonly open: readonly string[]
  readonly resolve: Resolve
}

/**
 * The commands of a stage's RUN instructions; `cd` and assignments of a script are followed.
 * @param isRead whether a line of the Dockerfile uses a variable: of ARG, the others are there for the commands alone
 */
export function commandsOfRuns(runs: ImageFacts['runs'], isRead: (name: string) => boolean): RunCommand[] {
  return runs.flatMap(({ by, workdir: start, scope }) => {
    let workdir = start
    const own = new Map<string, Known>()
    const exported = new Map<string, Known>()
    for (const name of scope.args.keys()) if (!isRead(name)) exported.set(name, scope.lookup(name))
    for (const [name, known] of scope.env) exported.set(name, known)
    const lookup = (name: string): Known => {
      const known = own.get(name) ?? scope.lookup(name)
      if ('value' in known) return known
      const placeholder = known.unknown === 'platform' ? undefined : placeholderFor(name)
      return placeholder === undefined ? known : { value: placeholder }
    }
    const resolve: Resolve = raw => expandWord(raw, lookup, placeholderOfScript)
    return withoutSubstitutions(commandsOf(by))
      .map(withoutWrapper)
      .map((command): RunCommand => {
        const seen = new Map(exported)
        for (const { name, word } of command.assignments) {
          const { text, unknown } = resolve(word.raw.slice(word.raw.indexOf('=') + 1))
          const known: Known = unknown.length > 0 ? { unknown: 'shell' } : { value: text }
          // Before a command it is that command's alone; `export` and a line of its own last.
          if (command.tool !== '') seen.set(name, known)
          else own.set(name, known)
        }
        // A line of its own counts for other commands where the variable is exported.
        for (const [name, known] of own)
          if (exported.has(name) || command.exports?.includes(name)) exported.set(name, known)
        const here = { by, command, workdir, ...environmentOf(seen), resolve }
        const [, folder] = command.words
        if (command.tool === 'cd' && folder) workdir = absolute(resolve(folder.raw).text, workdir)
        return here
      })
  })
}

function environmentOf(variables: ReadonlyMap<string, Known>): Environment {
  const env: Record<string, string> = {}
  const open: string[] = []
  for (const [name, known] of variables) {
    if ('value' in known) env[name] = known.value
    else if (known.unknown === 'argument' || known.unknown === 'shell') open.push(name)
  }
  return { env, open }
}

/** What a compiling command says; undefined for any other. */
export function readBuild({
  command,
  env,
  open,
  resolve,
}: Pick<RunCommand, 'command' | 'env' | 'open' | 'resolve'>): Build | undefined {
  const words = command.words.map(({ raw }) => raw)
  switch (compilesWith(command)) {
    case 'go':
      return makesLibrary(words, resolve) ? undefined : readGoBuild(words, env, resolve)
    case 'cargo':
      return command.tool === 'rustc' || words.includes('chef') || installsTool(words)
        ? undefined
        : readCargoBuild(words, { env, open }, resolve)
    case 'zig':
      return words[1] === 'build' ? readZigBuild(words, { env, open }, resolve) : undefined
    default:
      return undefined
  }
}

/** `-buildmode=c-archive` and others that make no program (`go help buildmode`). */
function makesLibrary(words: readonly string[], resolve: Resolve): boolean {
  const texts = words.map(raw => resolve(raw).text)
  const mode = texts.findIndex(text => /^--?buildmode(?:=|$)/.test(text))
  const value = texts[mode]?.split('=')[1] ?? texts[mode + 1]
  return mode >= 0 && /^(?:c-archive|c-shared|archive|shared|plugin)$/.test(value ?? '')
}

/** `cargo install NAME`: a crate of a registry, not the project. */
function installsTool(words: readonly string[]): boolean {
  const isInstall = words.slice(1, 3).includes('install')
  return isInstall && !words.some(word => /^--(?:path|git)(?:=|$)/.test(word))
}

/** The go or cargo that xx-go and xx-cargo of tonistiigi/xx run, for the target of the stage. */
function withoutWrapper(command: ShellCommand): ShellCommand {
  const [, tool] = /^xx-(go|cargo)$/.exec(command.tool) ?? []
  const [first, ...rest] = command.words
  if (tool === undefined || !first) return command
  return { ...command, tool, words: [{ ...first, raw: tool, value: tool }, ...rest] }
}

/** Without the commands of `$(…)`, whose output is part of another; those of `sh -c` are commands like all others. */
function withoutSubstitutions(commands: readonly ShellCommand[]): ShellCommand[] {
  return commands.filter(
    one =>
      !commands.some(
        other =>
          other !== one &&
          !isShell(other) &&
          other.start <= one.start &&
          one.end <= other.end &&
          other.end - other.start > one.end - one.start,
      ),
  )
}

const isShell = ({ tool }: ShellCommand) => /^(?:ba|a|da|z)?sh$/.test(tool)
