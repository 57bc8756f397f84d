import type { CommandReference, FlagReference } from './reference.ts'

type Commands = readonly CommandReference[]

/** The shells that there is a script for, each made from the table of commands. */
export const completionScripts = { bash, zsh, fish } as const satisfies Record<
  string,
  (commands: Commands) => string
>

export const shells = Object.keys(completionScripts) as (keyof typeof completionScripts)[]

const dashed = ({ name, alias }: FlagReference) => [`--${name}`, ...(alias ? [`-${alias}`] : [])]
/** Words in single quotes, for any of the shells; a quote inside becomes a typographic one. */
const quote = (text: string) => `'${text.replaceAll("'", '’')}'`
const names = (commands: Commands) => commands.map(({ name }) => name)

/** Every flag that takes a value, once, with the choices it has in any command. */
function valueFlags(commands: Commands): FlagReference[] {
  const flags = commands.flatMap(command => command.flags).filter(flag => flag.takesValue)
  return [...new Map(flags.map(flag => [flag.name, flag])).values()].map(flag => {
    const same = flags.filter(({ name }) => name === flag.name)
    return { ...flag, choices: [...new Set(same.flatMap(({ choices }) => choices))] }
  })
}

function bash(commands: Commands): string {
  const values = valueFlags(commands)
  const withChoices = values.filter(({ choices }) => choices.length > 0)
  const others = values.filter(({ choices }) => choices.length === 0)
  const caseOf = (flags: readonly string[], body: string) => `    ${flags.join(' | ')}) ${body} ;;`
  const words = (list: readonly string[]) =>
    `COMPREPLY=($(compgen -W ${quote(list.join(' '))} -- "$current"))`
  const files = 'compopt -o default; COMPREPLY=()'
  return `# bash completion for xbuild: source <(xbuild completion bash)
_xbuild() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
    --) compopt -o default; COMPREPLY=(); return ;;
    ${names(commands).join(' | ')}) command=\${command:-$word} ;;
    esac
  done
  # Bash splits --flag=value at the sign.
  [ "$current" = = ] && current= && previous='=' && COMP_CWORD=$((COMP_CWORD + 1))
  [ "$previous" = = ] && previous=\${COMP_WORDS[COMP_CWORD - 2]}
  case $previous in
${withChoices.map(flag => caseOf(dashed(flag), `${words(flag.choices)}; return`)).join('\n')}
${caseOf(others.flatMap(dashed), `${files}; return`)}
  esac
  case \${command:-${commands[0]?.name}}:$current in
${commands.map(({ name, flags }) => `    ${name}:-*) ${words([...flags.flatMap(dashed), '--help'])} ;;`).join('\n')}
${commands
  .filter(({ choices }) => choices.length > 0)
  .map(({ name, choices }) => `    ${name}:*) ${words(choices)} ;;`)
  .join('\n')}
    *)
      compopt -o default
      COMPREPLY=()
      if [ -z "$command" ]; then
        COMPREPLY=($(compgen -W ${quote(names(commands).join(' '))} -- "$current") $(compgen -d -- "$current"))
      fi
      ;;
  esac
}
complete -F _xbuild xbuild
`
}

function zsh(commands: Commands): string {
  const escapeColons = (text: string) => text.replace(/[[\]:\\]/g, '\\$&')
  const argument = ({ takesValue, choices, name }: FlagReference) =>
    takesValue ? `:${name}:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : ''
  const specOf = (flag: FlagReference) =>
    dashed(flag).map(
      name =>
        `      ${quote(`*${name}${flag.takesValue && name.startsWith('--') ? '=' : ''}[${escapeColons(flag.describe)}]${argument(flag)}`)} \\`,
    )
  const branch = ({ name, flags, choices }: CommandReference) => `    ${name})
      _arguments \\
${flags
  .flatMap(specOf)
  .map(line => `${line}\n`)
  .join('')}      '--help[Show help]' \\
      ${quote(choices.length > 0 ? `:argument:(${choices.join(' ')})` : '*:file:_files')}
      ;;`
  return `#compdef xbuild
# zsh completion for xbuild: source <(xbuild completion zsh), or a file _xbuild in a folder of $fpath
_xbuild() {
  local -a commands
  commands=(
${commands.map(({ name, describe }) => `    ${quote(`${name}:${escapeColons(describe)}`)}`).join('\n')}
  )
  local command=\${words[2]}
  if (( CURRENT == 2 )) && [[ $command != -* ]]; then
    _describe command commands
    _files -/
    return
  fi
  if (( \${+commands[(r)$command:*]} )); then
    shift words
    (( CURRENT-- ))
  else
    command=${commands[0]?.name}
  fi
  case $command in
${commands.map(branch).join('\n')}
  esac
}
# A file in $fpath is run as the function, anything else defines it.
if [[ $funcstack[1] == _xbuild ]]; then _xbuild "$@"; else compdef _xbuild xbuild; fi
`
}

function fish(commands: Commands): string {
  const all = names(commands).join(' ')
  const lines = commands.flatMap(({ name, describe, flags, choices }, index) => {
    const seen = `__fish_seen_subcommand_from ${name}`
    // Flags without a command are those of the first.
    const when = index === 0 ? `${seen}; or not __fish_seen_subcommand_from ${all}` : seen
    return [
      `complete -c xbuild -n 'not __fish_seen_subcommand_from ${all}' -a ${name} -d ${quote(describe)}`,
      ...(choices.length > 0 ? [`complete -c xbuild -f -n '${seen}' -a ${quote(choices.join(' '))}`] : []),
      ...flags.map(flag => {
        const alias = flag.alias ? ` -s ${flag.alias}` : ''
        const value = flag.takesValue
          ? flag.choices.length > 0
            ? ` -x -a ${quote(flag.choices.join(' '))}`
            : ' -r'
          : ''
        return `complete -c xbuild -n '${when}' -l ${flag.name}${alias}${value} -d ${quote(flag.describe)}`
      }),
    ]
  })
  return `# fish completion for xbuild: xbuild completion fish > ~/.config/fish/completions/xbuild.fish\n${lines.join('\n')}\n`
}
