/** A line and a column, from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where the lines of a text begin: CRLF, LF and CR end one, as the Dockerfile parser counts. */
export interface LineIndex {
  positionAt(offset: number): Position
  /** Offset of a line (from 1) and column (from 1), at most the end of the text. */
  offsetAt(position: Position): number
  /** A line without its end. */
  lineText(line: number): string
}

/** Indexes the lines of a text. */
export function indexLines(text: string): LineIndex {
  const starts = [0]
  const ends: number[] = []
  for (const match of text.matchAll(/\r\n|\n|\r/g)) {
    ends.push(match.index)
    starts.push(match.index + match[0].length)
  }
  return {
    positionAt(offset) {
      const line = lastNotAfter(starts, offset)
      // What is within a line's end counts as its end.
      return { line: line + 1, column: Math.min(offset, ends[line] ?? text.length) - (starts[line] ?? 0) + 1 }
    },
    offsetAt: ({ line, column }) => Math.min((starts[line - 1] ?? text.length) + column - 1, text.length),
    lineText: line => text.slice(starts[line - 1] ?? text.length, starts[line]).replace(/[\r\n]+$/, ''),
  }
}

/** A text put together from pieces of a file, which knows where each of its characters is in the file. */
export interface Mapped {
  readonly text: string
  /** The offset in the file of a character of `text`; the end of the last piece for its length. */
  at(index: number): number
}

/** A piece of a file, or text of its own (`own`), which counts as lying at `start`. */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly own?: string
}

/** Puts pieces of a file together. */
export function joinPieces(source: string, pieces: readonly Piece[]): Mapped {
  const starts: number[] = []
  const texts: string[] = []
  let length = 0
  for (const { start, end, own } of pieces) {
    const text = own ?? source.slice(start, end)
    starts.push(length)
    texts.push(text)
    length += text.length
  }
  return {
    text: texts.join(''),
    at(index) {
      const number = lastNotAfter(starts, index)
      const piece = pieces[number]
      if (!piece) return 0
      return Math.min(piece.start + index - (starts[number] ?? 0), piece.end)
    },
  }
}

/** The part of a mapped text from `from` to its end. */
export function sliceMapped({ text, at }: Mapped, from: number, to = text.length): Mapped {
  return { text: text.slice(from, to), at: index => at(index + from) }
}

/** The index of the last number that is not above `value`; the numbers rise. */
function lastNotAfter(numbers: readonly number[], value: number): number {
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((numbers[middle] as number) <= value) low = middle
    else high = middle - 1
  }
  return low
}
