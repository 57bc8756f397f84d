import { joinPieces, type Mapped, type Piece, sliceMapped } from '../util/source-text.ts'
import type { Flag, Heredoc, Instruction, Word } from './model.ts'

/** Where the parser found an instruction. */
export interface Found {
  readonly keyword: string
  readonly start: number
  readonly end: number
  readonly argumentsStart: number
}

const withFlags = new Set(['FROM', 'RUN', 'COPY', 'ADD', 'HEALTHCHECK'])

/** Reads flags, words and here-documents of an instruction. */
export function readInstruction(text: string, escapeChar: string, found: Found): Instruction {
  const { body: whole, end } = joinContinued(text, escapeChar, found)
  const [, lead = '', trigger] = (found.keyword === 'ONBUILD' && /^(\s*)([a-z]+)/i.exec(whole.text)) || []
  const keyword = trigger === undefined ? found.keyword : trigger.toUpperCase()
  const rest = trigger === undefined ? whole : sliceMapped(whole, lead.length + trigger.length)
  const { flags, length } = withFlags.has(keyword) ? readFlags(rest) : { flags: [], length: 0 }
  const body = sliceMapped(rest, length)
  return {
    keyword,
    onbuild: trigger !== undefined,
    start: found.start,
    end: found.end,
    flags,
    body,
    words: readWords(body, escapeChar),
    exec: /^\s*\[[\s\S]*\]\s*$/.test(body.text),
    heredocs: readHeredocs(text, body.text, end, found.end),
  }
}

/** The arguments without continuations, and without the comments and empty lines between them; and where they end. */
function joinContinued(text: string, escapeChar: string, { argumentsStart, end }: Found) {
  const pieces: Piece[] = []
  let position = argumentsStart
  let continued = false
  while (position < end) {
    const lineEnd = endOfLine(text, position, end)
    const next = afterLineEnd(text, lineEnd, end)
    const line = text.slice(position, lineEnd)
    if (!continued || !/^\s*(#|$)/.test(line)) {
      const trimmed = line.trimEnd()
      continued = trimmed.endsWith(escapeChar)
      pieces.push({ start: position, end: continued ? position + trimmed.length - 1 : lineEnd })
    }
    position = next
    if (!continued) break
  }
  return { body: joinPieces(text, pieces), end: position }
}

function readFlags(body: Mapped): { flags: Flag[]; length: number } {
  const flags: Flag[] = []
  const pattern = /\s*--([a-z-]+)(?:=("[^"]*"|\S*))?(?=\s|$)/y
  let length = 0
  for (let match = pattern.exec(body.text); match; match = pattern.exec(body.text)) {
    const [whole, name = '', value = ''] = match
    const start = match.index + whole.length - whole.trimStart().length
    length = match.index + whole.length
    flags.push({
      name,
      value: value.replace(/^"(.*)"$/, '$1'),
      start: body.at(start),
      end: body.at(length - 1) + 1,
    })
  }
  return { flags, length }
}

/** Words parted by white space, with quotes taken off; of the exec form, its strings. */
function readWords(body: Mapped, escapeChar: string): Word[] {
  const bare =
    escapeChar === '`'
      ? /(?:"(?:[^"`]|`[\s\S])*"?|'[^']*'?|`[\s\S]?|[^\s"'`])+/g
      : /(?:"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?|\\[\s\S]?|[^\s"'\\])+/g
  const exec = /^\s*\[/.test(body.text)
  return [...body.text.matchAll(exec ? /"((?:[^"\\]|\\.)*)"/g : bare)].map(match => ({
    raw: match[0],
    value: exec ? (match[1] ?? '') : unquote(match[0]),
    start: body.at(match.index),
    end: body.at(match.index + match[0].length - 1) + 1,
  }))
}

/** A word without quotes. */
export function unquote(raw: string): string {
  return raw.replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g, (_, double?: string, single?: string) =>
    double === undefined ? (single ?? '') : double.replace(/\\(["\\])/g, '$1'),
  )
}

/** The here-documents that a line opens; their text begins at `start`. */
function readHeredocs(text: string, header: string, start: number, end: number): Heredoc[] {
  const heredocs: Heredoc[] = []
  let position = start
  for (const [, dash, quote, name = ''] of header.matchAll(/<<(-?)\s*(['"]?)([a-z_][\w.-]*)\2/gi)) {
    if (position >= end) break
    const from = position
    let to = end
    while (position < end) {
      const lineEnd = endOfLine(text, position, end)
      const line = text.slice(position, lineEnd)
      const begin = position
      position = afterLineEnd(text, lineEnd, end)
      if ((dash ? line.replace(/^\t+/, '') : line) === name) {
        to = begin
        break
      }
    }
    heredocs.push({ quoted: quote !== '', body: joinPieces(text, [{ start: from, end: to }]) })
  }
  return heredocs
}

function endOfLine(text: string, start: number, end: number): number {
  for (let index = start; index < end; index++) {
    if (text[index] === '\n' || text[index] === '\r') return index
  }
  return end
}

function afterLineEnd(text: string, index: number, end: number): number {
  return Math.min(text.startsWith('\r\n', index) ? index + 2 : index + 1, end)
}
