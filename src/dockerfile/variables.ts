import type { Mapped } from '../util/source-text.ts'
import type { Instruction, Span } from './model.ts'

/** The variables that BuildKit sets by itself, once a stage declares them. */
export const automaticVariables = [
  'TARGETPLATFORM',
  'TARGETOS',
  'TARGETARCH',
  'TARGETVARIANT',
  'BUILDPLATFORM',
  'BUILDOS',
  'BUILDARCH',
  'BUILDVARIANT',
] as const

/** A variable that ARG or ENV sets: `start` and `end` are those of NAME=value. */
export interface Declared extends Span {
  readonly name: string
  /** Without quotes; undefined for a bare `ARG NAME`. */
  readonly value: string | undefined
}

/** The variables that an ARG or ENV sets. */
export function declaredBy({ keyword, words }: Instruction): Declared[] {
  if (keyword !== 'ARG' && keyword !== 'ENV') return []
  const [first, ...rest] = words
  if (!first) return []
  if (keyword === 'ENV' && !first.value.includes('=')) {
    // the old form: ENV NAME the rest of the line
    const last = rest.at(-1) ?? first
    return [
      {
        name: first.value,
        value: rest.map(({ value }) => value).join(' '),
        start: first.start,
        end: last.end,
      },
    ]
  }
  return words.map(({ value, start, end }) => {
    const equals = value.indexOf('=')
    return {
      name: equals < 0 ? value : value.slice(0, equals),
      value: equals < 0 ? undefined : value.slice(equals + 1),
      start,
      end,
    }
  })
}

/** A place where a variable's value is taken. */
export interface Use extends Span {
  readonly name: string
}

/** Where a text takes the value of a variable: `$NAME` and `${NAME…}`, not after a backslash. */
export function usesIn({ text, at }: Mapped): Use[] {
  return [...text.matchAll(/(?<!\\)(?:\\\\)*\$(?:\{[!#]?([A-Za-z_]\w*)|([A-Za-z_]\w*))/g)].map(match => {
    const [whole, braced, bare] = match
    const name = braced ?? bare ?? ''
    const dollar = match.index + whole.lastIndexOf('$')
    const end = match.index + whole.length
    const closed = braced !== undefined && text[end] === '}' ? end + 1 : end
    return { name, start: at(dollar), end: at(closed - 1) + 1 }
  })
}

/** Where an instruction takes the value of a variable; in a COPY's here-document, unless its marker is quoted. */
export function usesOf(instruction: Instruction): Use[] {
  const { keyword, body, heredocs, flags } = instruction
  const bodies = heredocs.filter(({ quoted }) => keyword === 'RUN' || !quoted).map(heredoc => heredoc.body)
  const flagUses = flags.flatMap(({ value, start, end }) =>
    usesIn({ text: value, at: () => start }).map(({ name }) => ({ name, start, end })),
  )
  return [...flagUses, ...[body, ...bodies].flatMap(usesIn)]
}

/** Whether the instruction speaks of the target's platform: a variable of it, in any form. */
export function mentionsTarget({ body, heredocs, flags }: Instruction): boolean {
  const texts = [body.text, ...heredocs.map(({ body }) => body.text), ...flags.map(({ value }) => value)]
  return texts.some(text => /TARGET(?:PLATFORM|ARCH|OS|VARIANT)\b/.test(text))
}
