import { expandWord } from '../../dockerfile/expand.ts'
import { parseShell, type ShellCommand } from '../../dockerfile/shell.ts'
import { compilesWith } from '../../dockerfile/toolchains.ts'
import type { Mapped } from '../../util/source-text.ts'
import type { Build } from '../adopt/build.ts'
import { readBuild } from '../adopt/commands.ts'
import { placeholderFor, placeholderOfScript } from '../adopt/known-names.ts'

/** A compile of a Makefile, and where it is. */
export interface MakefileBuild {
  readonly build: Build
  readonly line: number
  readonly text: string
  readonly command: ShellCommand
}

/** The compile of a Makefile that makes the program: of its target build or all, else of the first that compiles. */
export function readMakefile(text: string): MakefileBuild | undefined {
  const lines = joinLines(text)
  const variables = readVariables(lines)
  const found: (MakefileBuild & { target: string })[] = []
  let target = ''
  for (const { text: line, number } of lines) {
    const [, name] = /^([^\t#=:\s][^=:]*):(?!=)/.exec(line) ?? []
    if (name !== undefined) target = name.trim().split(/\s+/)[0] ?? ''
    if (!line.startsWith('\t')) continue
    const script = expand(line.replace(/^\t+[@+-]*/, ''), variables)
    const mapped: Mapped = { text: script, at: index => index }
    for (const command of parseShell(mapped)) {
      if (!compilesWith(command)) continue
      const lookup = (name: string) => {
        const placeholder = placeholderFor(name)
        return placeholder === undefined ? ({ unknown: 'shell' } as const) : { value: placeholder }
      }
      const resolve = (raw: string) => expandWord(raw, lookup, placeholderOfScript)
      const resolved = command.assignments.map(({ name, word: { raw } }) => ({
        name,
        ...resolve(raw.slice(raw.indexOf('=') + 1)),
      }))
      const known = resolved.filter(({ unknown }) => unknown.length === 0)
      const env = Object.fromEntries(known.map(({ name, text }) => [name, text]))
      const open = resolved.filter(one => !known.includes(one)).map(({ name }) => name)
      // A program for another system is none for an image.
      if (/^(?:windows|darwin|freebsd|openbsd|js|wasip1)$/.test(env['GOOS'] ?? '')) continue
      const build = readBuild({ command, env, open, resolve })
      if (build) found.push({ build, line: number, text: line.trim(), target, command })
    }
  }
  return (
    found.find(({ target }) => /^(?:build|all|binary|release|compile)$/.test(target)) ??
    found.find(({ target }) => !/test|lint|race|debug|bench|cover|tool|gen/.test(target))
  )
}

interface Line {
  readonly text: string
  readonly number: number
}

/** Lines with their continuations. */
function joinLines(text: string): Line[] {
  const lines: Line[] = []
  let pending: Line | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const start: Line = pending ?? { text: '', number: index + 1 }
    const whole = start.text + (pending ? ` ${line.trimStart()}` : line)
    pending = whole.endsWith('\\') ? { ...start, text: whole.slice(0, -1).trimEnd() } : undefined
    if (!pending) lines.push({ text: whole, number: start.number })
  }
  return lines
}

/** Variables as they are written; `+=` adds to them. */
function readVariables(lines: readonly Line[]): Map<string, string> {
  const variables = new Map<string, string>()
  for (const { text } of lines) {
    const [, name, operator, value = ''] =
      /^\s*(?:export\s+|override\s+)*([\w.-]+)\s*(\?=|:{0,3}=|\+=|!=)\s*(.*)$/.exec(text) ?? []
    if (name === undefined || text.startsWith('\t')) continue
    const clean = value.replace(/\s+#.*$/, '').trim()
    if (operator === '+=') variables.set(name, `${variables.get(name) ?? ''} ${clean}`.trim())
    else if (operator === '!=') variables.set(name, `$(shell ${clean})`)
    else variables.set(name, clean)
  }
  return variables
}

const deepest = 20

/** `$(NAME)` and `${NAME}` filled in; `$(shell …)` by what stands for its output, and `$$` is the shell's `$`. */
function expand(text: string, variables: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > deepest || text.length > 10_000) return text
  let out = ''
  for (let at = 0; at < text.length; ) {
    const open = text[at + 1]
    if (text[at] !== '$' || open === undefined) {
      out += text[at++]
      continue
    }
    if (open === '$') {
      out += '$'
      at += 2
      continue
    }
    if (open !== '(' && open !== '{') {
      at += 2
      continue
    }
    const end = closing(text, at + 2, open, open === '(' ? ')' : '}')
    out += variableText(text.slice(at + 2, end), variables, depth)
    at = end + 1
  }
  return out
}

function variableText(body: string, variables: ReadonlyMap<string, string>, depth: number): string {
  const [, script] = /^shell\s+([\s\S]*)$/.exec(body) ?? []
  if (script !== undefined) return placeholderOfScript(expand(script, variables, depth + 1)) ?? `$(${script})`
  const [, strip] = /^(?:strip|or|firstword)\s+([\s\S]*)$/.exec(body) ?? []
  if (strip !== undefined) return expand(strip.split(',')[0] ?? '', variables, depth + 1)
  const value = variables.get(body.trim())
  // What has a value only when make is called may be known under its name.
  if (value === undefined) return placeholderFor(body.trim()) ?? (/^\w+$/.test(body) ? `$(${body})` : '')
  if (value === '') return placeholderFor(body.trim()) ?? ''
  return expand(value, variables, depth + 1)
}

function closing(text: string, start: number, open: string, close: string): number {
  let depth = 1
  for (let index = start; index < text.length; index++) {
    if (text[index] === open) depth++
    else if (text[index] === close && --depth === 0) return index
  }
  return text.length
}
