import { environment } from './help.ts'
import type { CommandReference, FlagReference } from './reference.ts'

/** What a manual page says in addition to its commands. */
export interface ManualTexts {
  readonly version: string
  readonly summary: string
  /** The exit codes, each a clause. */
  readonly exitCodes: string
}

/** The manual page xbuild(1), in the man macros of roff, made of what --help shows. */
export function manualPage(commands: readonly CommandReference[], texts: ManualTexts): string {
  const lines = [
    `.TH XBUILD 1 "" "xbuild ${roff(texts.version)}" "User Commands"`,
    '.SH NAME',
    `xbuild \\- ${roff(texts.summary)}`,
    '.SH SYNOPSIS',
    ...commands.flatMap(({ usage }) => ['.B xbuild', roff(usage), '.br']),
    '.SH DESCRIPTION',
    `Without the name of a command, xbuild runs ${commands[0]?.name}. What comes after \\-\\- goes to the toolchain.`,
    'The result goes to standard output, everything else to standard error.',
    '.SH COMMANDS',
    ...commands.flatMap(describeCommand),
    '.SH EXIT STATUS',
    roff(texts.exitCodes),
    '.SH ENVIRONMENT',
    ...Object.entries(environment).flatMap(([names, does]) => definition(names, `${does}.`)),
    '.SH FILES',
    ...definition(
      'xbuild.toml',
      "The project's configuration: flags go first, then XBUILD_* variables, then this file.",
    ),
    ...definition('~/.cache/xbuild', "xbuild's own cache, or xbuild below XDG_CACHE_HOME; see xbuild cache."),
  ]
  return `${lines.join('\n')}\n`
}

function describeCommand({ usage, describe, flags }: CommandReference): string[] {
  return ['.SS', `xbuild ${roff(usage)}`, '.PP', `${roff(describe)}.`, ...flags.flatMap(describeFlag)]
}

function describeFlag({ name, alias, describe, takesValue, choices }: FlagReference): string[] {
  const value = choices.length > 0 ? ` ${choices.join('|')}` : takesValue ? ' VALUE' : ''
  return definition(`${alias ? `-${alias}, ` : ''}--${name}${value}`, describe)
}

const definition = (term: string, text: string) => ['.TP', `.B ${roff(term)}`, roff(text)]

/** A dash is a minus that can be copied; a line does not begin with a macro. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1')
}
