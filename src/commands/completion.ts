import { completionScripts, shells } from '../ui/completion.ts'
import { manualPage } from '../ui/manual.ts'
import type { CommandReference } from '../ui/reference.ts'
import { version } from '../version.ts'
import { type Command, defineCommand, nameOf } from './command.ts'

/** The table of commands, which the commands that print about it are part of. */
type Table = () => readonly Command[]

/** `xbuild completion SHELL`: the script that completes commands, flags and their values. */
export const completionCommand = (commands: Table) =>
  defineCommand({
    usage: 'completion <shell>',
    describe: 'Print the completion script of a shell: source <(xbuild completion bash)',
    positionals: { shell: { choices: shells, demandOption: true, describe: 'The shell' } },
    flags: {},
    run: async ({ shell }) => {
      process.stdout.write(completionScripts[shell](commands().map(referenceOf)))
    },
  })

/** `xbuild man`: the manual page. */
export const manCommand = (commands: Table, texts: { summary: string; exitCodes: string }) =>
  defineCommand({
    usage: 'man',
    describe: 'Print the manual page, for man -l - or a file xbuild.1',
    positionals: {},
    flags: {},
    run: async () => {
      process.stdout.write(manualPage(commands().map(referenceOf), { version, ...texts }))
    },
  })

function referenceOf({ usage, describe, positionals, flags, ...rest }: Command): CommandReference {
  const [positional] = Object.values(positionals)
  return {
    name: nameOf({ usage }),
    usage,
    describe,
    choices: (positional?.choices ?? []).map(String),
    flags: Object.entries(flags)
      .filter(([name, { hidden }]) => !hidden && !(name in (rest.renamed ?? {})))
      .map(([name, { alias, describe = '', type, choices = [] }]) => ({
        name,
        alias: [alias ?? []].flat()[0],
        describe: String(describe),
        takesValue: type !== 'boolean',
        choices: choices.map(String),
      })),
  }
}
