import type { Instruction } from '../../dockerfile/model.ts'
import { missingPackages } from '../../dockerfile/packages.ts'
import type { RunCommand } from './commands.ts'
import { isInitPackage } from './init-program.ts'
import type { Ledger } from './ledger.ts'
import { compilePackages, kindOfCommand } from './run-kinds.ts'

/** The users that RUN instructions make, by name, with their numbers where they are said. */
export interface MadeUsers {
  readonly users: ReadonlyMap<string, string | undefined>
  readonly groups: ReadonlyMap<string, string | undefined>
}

/** The users and groups that the stages make. */
export function madeUsers(commands: readonly RunCommand[]): MadeUsers {
  const users = new Map<string, string | undefined>()
  const groups = new Map<string, string | undefined>()
  for (const command of commands) {
    const found = kindOfCommand(command)
    if (found.kind !== 'user') continue
    const ids = found.group ? groups : users
    // `adduser app wheel` after `adduser -u 1500 app` says no number, and changes none.
    ids.set(found.name, found.id ?? ids.get(found.name))
  }
  return { users, groups }
}

/** What RUN instructions did besides compiling. `isFinal` says that their files are in the image. */
export function adoptRuns(
  commands: readonly RunCommand[],
  isFinal: boolean,
  compiling: ReadonlySet<RunCommand>,
  makeCompiles: boolean,
  ledger: Ledger,
): void {
  const folders = new Map<Instruction, string[]>()
  for (const command of commands) {
    if (compiling.has(command)) continue
    const { by } = command
    const found = kindOfCommand(command)
    if (found.kind === 'covered') ledger.covered(by, found.says)
    else if (found.kind === 'left') ledger.left(by, found.says)
    else if (found.kind === 'make' && makeCompiles)
      ledger.covered(by, 'xbuild compiles, with the flags that the Makefile has')
    else if (found.kind === 'other' || found.kind === 'make')
      ledger.left(by, doesNotRun(found.words, isFinal))
    else if (found.kind === 'user') ledger.covered(by, 'the image names its user by number')
    else if (found.kind === 'packages') adoptPackages(by, found.packages, isFinal, ledger)
    else if (found.kind === 'folder' && isFinal) folders.set(by, [...(folders.get(by) ?? []), ...found.paths])
  }
  for (const [by, paths] of folders) {
    const own = paths.filter(
      path => /^\/[\w.@+/-]+$/.test(path) && !/^\/(?:usr|etc|proc|sys|dev|bin|sbin|lib)(?:\/|$)/.test(path),
    )
    if (own.length > 0)
      ledger.set(
        by,
        'image',
        'folders',
        own.map(path => ({ path })),
      )
  }
}

function adoptPackages(by: Instruction, packages: readonly string[], isFinal: boolean, ledger: Ledger): void {
  const missing = isFinal
    ? missingPackages(packages).filter(name => !isInitPackage(name))
    : compilePackages(packages)
  if (missing.length > 0 && isFinal)
    ledger.left(by, `the image had ${missing.join(', ')}: [image] base takes an image of your own`)
  else if (missing.length > 0)
    ledger.left(by, `the compile had ${missing.join(', ')}: this machine needs them where the program does`)
  else if (packages.length > 0)
    ledger.covered(
      by,
      isFinal ? 'a distroless image has what a static binary needs of it' : 'tools of the compile',
    )
}

/** A command that makes something for the image, or for the compile. */
function doesNotRun(words: readonly string[], isFinal: boolean): string {
  if (isFinal) return `${words[0]} does not run: nothing runs inside the image`
  const isPlain = words.length <= 8 && words.every(word => !word.includes('$') && word.length < 40)
  const command = isPlain ? `[${words.map(word => JSON.stringify(word)).join(', ')}]` : `["${words[0]}", …]`
  return `${words[0]} does not run in the image: before = [${command}] in [build] runs it on this machine`
}
