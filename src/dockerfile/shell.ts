import { joinPieces, type Mapped } from '../util/source-text.ts'
import type { Instruction, Span, Word } from './model.ts'

/** A simple command of a script: `NAME=value … tool argument …`. */
export interface ShellCommand extends Span {
  readonly assignments: readonly { readonly name: string; readonly value: string; readonly word: Word }[]
  /** The tool without its folder, '' where there are assignments alone. */
  readonly tool: string
  readonly words: readonly Word[]
  /** The variables that `export` names, with a value or without. */
  readonly exports?: readonly string[]
}

/** The commands of a RUN: those of its line, of its here-documents, of `$(…)`, and of `sh -c '…'`. */
export function commandsOf(run: Instruction): ShellCommand[] {
  if (run.exec) return toCommands([[...run.words]], 0)
  return [run.body, ...run.heredocs.map(({ body }) => body)].flatMap(text => parseShell(text))
}

/** The whole script of a RUN, for what is looked for in its text. */
export function scriptOf({ body, heredocs }: Instruction): string {
  return [body.text, ...heredocs.map(heredoc => heredoc.body.text)].join('\n')
}

const deepest = 4

/** The simple commands of a script. It knows quotes, comments and substitutions, not the grammar of compound commands. */
export function parseShell(script: Mapped, depth = 0): ShellCommand[] {
  const lists: Word[][] = [[]]
  const inner: Mapped[] = []
  const { text, at } = script
  let index = 0
  while (index < text.length) {
    const char = text[index] as string
    if (char === '\n' || ';&|()'.includes(char)) {
      if (lists.at(-1)?.length) lists.push([])
      index++
    } else if (/\s/.test(char)) index++
    else if (char === '#') index = until(text, '\n', index)
    else {
      const end = wordEnd(text, index, (from, to) => {
        if (depth < deepest) inner.push({ text: text.slice(from, to), at: offset => at(from + offset) })
      })
      const raw = text.slice(index, end)
      lists.at(-1)?.push({ raw, value: withoutQuotes(raw), start: at(index), end: at(end - 1) + 1 })
      index = end
    }
  }
  return [...toCommands(lists, depth), ...inner.flatMap(part => parseShell(part, depth + 1))]
}

/** Where the word ends that begins at `start`; tells of each substitution in it. */
function wordEnd(text: string, start: number, substitution: (from: number, to: number) => void): number {
  let index = start
  let quoted = false
  while (index < text.length) {
    const char = text[index] as string
    if (char === '\\') index += 2
    else if (char === '"') {
      quoted = !quoted
      index++
    } else if (char === "'" && !quoted) index = until(text, "'", index + 1) + 1
    else if (char === '`') {
      const end = until(text, '`', index + 1)
      substitution(index + 1, end)
      index = end + 1
    } else if (char === '$' && text[index + 1] === '(') {
      const end = closing(text, index + 2, '(', ')')
      substitution(index + 2, end)
      index = end + 1
    } else if (char === '$' && text[index + 1] === '{') index = closing(text, index + 2, '{', '}') + 1
    else if (!quoted && (char === '\n' || /[\s;&|()]/.test(char))) break
    else index++
  }
  return Math.min(Math.max(index, start + 1), text.length)
}

function closing(text: string, start: number, open: string, close: string): number {
  let depth = 1
  for (let index = start; index < text.length; index++) {
    const char = text[index]
    if (char === '\\') index++
    else if (char === "'" && open === '(') index = until(text, "'", index + 1)
    else if (char === open) depth++
    else if (char === close && --depth === 0) return index
  }
  return text.length
}

function until(text: string, char: string, start: number): number {
  const found = text.indexOf(char, start)
  return found < 0 ? text.length : found
}

function withoutQuotes(raw: string): string {
  return raw.replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g, (_, double, single, escaped) =>
    double === undefined
      ? (single ?? (escaped === '\n' ? '' : escaped))
      : double.replace(/\\(["\\$`])/g, '$1'),
  )
}

const keywords = new Set(['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', '}', 'time'])
const wrappers = new Set(['sudo', 'exec', 'command', 'env', 'nice', 'nohup'])
/** What follows are names and values, no command. */
const declarations = new Set(['export', 'local', 'readonly', 'declare'])
const shells = new Set(['sh', 'bash', 'ash', 'dash', 'zsh'])

function toCommands(lists: readonly (readonly Word[])[], depth: number): ShellCommand[] {
  return lists.flatMap(list => {
    let rest = list
    while (rest[0] && keywords.has(rest[0].value)) rest = rest.slice(1)
    const [first] = rest
    const last = rest.at(-1)
    if (!first || !last) return []
    const assignments: { name: string; value: string; word: Word }[] = []
    let index = 0
    let declares = false
    let exported: string[] | undefined
    for (; index < rest.length; index++) {
      const word = rest[index] as Word
      const [, name, value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word.value) ?? []
      if (name !== undefined) assignments.push({ name, value, word })
      if (exported && /^[A-Za-z_]/.test(word.value)) exported.push(name ?? word.value)
      if (name !== undefined) continue
      if (word.value === 'export') exported = []
      if (declarations.has(word.value)) declares = true
      else if (!declares && (!wrappers.has(word.value) || asks(rest, index))) break
    }
    const words = rest.slice(index)
    const tool = (words[0]?.value ?? '').replace(/^.*\//, '')
    const command = {
      assignments,
      words,
      tool,
      start: first.start,
      end: last.end,
      ...(exported && { exports: exported }),
    }
    return [command, ...scriptArgument(tool, words, depth)]
  })
}

/** `command -v tool` runs nothing. */
const asks = (words: readonly Word[], at: number) =>
  words[at]?.value === 'command' && /^-[vV]$/.test(words[at + 1]?.value ?? '')

/** The commands of `sh -c '…'`. */
function scriptArgument(tool: string, words: readonly Word[], depth: number): ShellCommand[] {
  const flag = shells.has(tool) ? words.findIndex(({ value }) => /^-[a-z]*c$/.test(value)) : -1
  const script = flag < 0 || depth >= deepest ? undefined : words[flag + 1]
  if (!script) return []
  const lead = /^["']/.test(script.raw) ? 1 : 0
  // The offsets are those of the raw text; an escape before them moves them a little.
  const mapped = joinPieces(script.value, [{ start: 0, end: script.value.length }])
  return parseShell(
    { text: mapped.text, at: index => Math.min(script.start + lead + index, script.end) },
    depth + 1,
  )
}
