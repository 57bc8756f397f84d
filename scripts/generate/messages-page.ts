import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exitCodes, type FailureKind } from '../../src/errors.ts'
import { failuresIn, type SourceFailure } from './failures-in-source.ts'

const titles: Readonly<Record<FailureKind, string>> = {
  no: 'a check failed',
  usage: 'usage or configuration',
  project: 'project not understood',
  tool: 'a tool is missing or too old',
  compile: 'compile failed',
  verification: 'verification failed',
  image: 'image backend failed',
  registry: 'registry failed',
  interrupted: 'interrupted',
}

/** docs/messages.md: every failure of src/, by exit code. */
export function messagesPage(root: string): string {
  const failures = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .flatMap(path => failuresIn(readFileSync(join(root, 'src', path), 'utf8')))
  const kinds = (Object.keys(titles) as FailureKind[]).sort((a, b) => exitCodes[a] - exitCodes[b])
  return `<!-- Made by \`npm run generate\` from the failures of src/. -->

# Messages

Every message that xbuild ends with, by exit code. \`…\` is what only a run knows: a name, a path, a number. The message itself says
more: \`where\`, \`why\`, and as \`fix\` the command that helps. [Troubleshooting](troubleshooting.md) has the usual causes.

${kinds.map(kind => section(kind, failures)).join('\n')}`
}

/** Not only what a run knows. */
const isTelling = (what: string) => /[a-z]{2}/i.test(what)

function section(kind: FailureKind, failures: readonly SourceFailure[]): string {
  const rows = failures
    .filter(({ kinds }) => kinds.includes(kind))
    .flatMap(({ whats, fixes }) => whats.filter(isTelling).map(what => row(what, fixes)))
  if (rows.length === 0) return ''
  const sorted = [...new Set(rows)].sort()
  return `## ${exitCodes[kind]}: ${titles[kind]}\n\n| message | what fixes it |\n|---|---|\n${sorted.join('\n')}\n`
}

function row(what: string, fixes: readonly string[]): string {
  return `| ${cellText(what)} | ${fixes.map(cellText).join('<br>')} |`
}

/** Text of a cell: no table, tag or template of a page generator is in it. */
function cellText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('|', '\\|')
    .replaceAll('{{', '&#123;&#123;')
    .replaceAll('*', '\\*')
    .replaceAll('_', '\\_')
    .replaceAll('[', '\\[')
}
