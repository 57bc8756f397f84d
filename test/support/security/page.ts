import { readFileSync } from 'node:fs'

/** docs/security.md, as people read it. */
export const securityPage = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8')

/** A row of the table on what commands run. */
interface Row {
  /** The commands and the first thing that they run: `plan dockerfile: git log`. */
  readonly name: string
  readonly commands: readonly string[]
  /** Every call that the row names, each as its first words: "go list", "git rev-parse". */
  readonly calls: readonly string[]
  /** Whether it names credential helpers, each of which is a tool of its own. */
  readonly helpers: boolean
}

const tools = new Set(['git', 'go', 'cargo', 'rustc', 'rustup', 'cc', 'zig', 'python3', 'docker'])

const codeOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)

/** The rows of the first table of the page. */
export const rows: readonly Row[] = readRows()

function readRows(): Row[] {
  const [, table = ''] = securityPage.split(/^\|---\|---\|---\|$/m)
  let commands: string[] = []
  const lines = table.trimStart().split('\n')
  const end = lines.findIndex(line => !line.startsWith('|'))
  return lines.slice(0, end).map(line => {
    const [first = '', runs = ''] = line.split(' |').map(cell => cell.replace(/^\| ?/, ''))
    if (first.trim() !== '') commands = codeOf(first)
    const said = runs.replace(/^ the above and /, '')
    const words = codeOf(said)
    let tool = ''
    const calls = words.map(text => {
      const [word = ''] = text.split(' ')
      if (tools.has(word)) tool = word
      return tools.has(word) ? text : `${tool} ${text}`
    })
    return {
      name: `${commands.join(' ')}: ${words[0] ?? said.trim()}`,
      commands,
      calls,
      helpers: runs.includes('credential helpers'),
    }
  })
}

/** What starts with these commands: those of which a row says that it runs what a plan runs, too. */
const alsoPlan: ReadonlySet<string> = new Set(['build', 'bench'])

/** Calls, as `TOOL ARGUMENTS…`, that no row about a command names. */
export function undocumented(command: string, calls: readonly string[]): string[] {
  const about = rows.filter(
    ({ commands }) => commands.includes(command) || (alsoPlan.has(command) && commands.includes('plan')),
  )
  const known = about.flatMap(row => row.calls).map(text => text.split(' '))
  return calls.filter(call => {
    const [tool = '', ...words] = call.split(' ')
    if (tool.startsWith('docker-credential-')) return !about.some(row => row.helpers)
    return !known.some(
      ([name, ...rest]) => name === tool && rest.every((word, index) => index > 1 || words.includes(word)),
    )
  })
}

/** Every paragraph, list and row of another table, each with the tests that it names. */
export function statements(): { text: string; tests: readonly string[] }[] {
  const [before = '', after = ''] = securityPage.split(/^\| command \| what it runs.*$/m)
  const prose = [before, after.slice(after.indexOf('\n\n'))].join('')
  return prose
    .split(/\n\n+|\n(?=\|)/)
    .filter(text => text.trim() !== '' && !/^(#|\|-|\| who )/.test(text))
    .map(text => ({ text, tests: codeOf(text).filter(code => /^test\/.*\.ts$/.test(code)) }))
}
