/** The parts of a drawing, one after the other. Coordinates are pixels. */
export interface Sheet {
  readonly parts: string[]
  text(x: number, y: number, kind: string, value: string): void
  line(x1: number, y1: number, x2: number, y2: number, kind: string): void
  rect(x: number, y: number, width: number, height: number, kind: string): void
  /** The point of an arrow that goes on to the right. */
  tip(x: number, y: number, height: number, kind: string): void
  /** A line with two ends, across a bar. */
  range(from: number, to: number, y: number): void
  /** A figure and, in a bar's colour, what it is times another. */
  value(x: number, y: number, figure: string, ratio: string, kind: string): void
}

export function openSheet(): Sheet {
  const parts: string[] = []
  const add = (text: string) => parts.push(text)
  const line: Sheet['line'] = (x1, y1, x2, y2, kind) =>
    add(`<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" class="${kind}"/>`)
  return {
    parts,
    text: (x, y, kind, value) =>
      add(`<text x="${n(x)}" y="${n(y)}" class="${kind}">${escapeXml(value)}</text>`),
    line,
    rect: (x, y, width, height, kind) =>
      add(`<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="3" class="${kind}"/>`),
    tip: (x, y, height, kind) =>
      add(
        `<path d="M${n(x - 3)} ${n(y)}h3l${n(height / 2)} ${n(height / 2)}l${n(-height / 2)} ${n(height / 2)}h-3z" class="${kind}"/>`,
      ),
    range: (from, to, y) => {
      line(from, y, to, y, 'range')
      for (const x of [from, to]) line(x, y - 5, x, y + 5, 'range')
    },
    value: (x, y, figure, ratio, kind) =>
      add(
        `<text x="${n(x)}" y="${n(y)}" class="value">${escapeXml(figure)}${ratio && `<tspan dx="9" class="${kind}">${escapeXml(ratio)}</tspan>`}</text>`,
      ),
  }
}

const n = (value: number) => Number(value.toFixed(1))

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

/** Text of at most so many characters. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}

/** Text in lines of at most so many characters, broken at spaces where there are any. */
export function wrap(text: string, length: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > length && line !== '') lines.push(line)
    line = longer.length > length && line !== '' ? word : longer
  }
  return [...lines, line].map(item => cut(item, length))
}

/** Steps that people count time in, in seconds. */
const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18_000, 36_000]

/** Where ticks are on an axis that ends at `longest` seconds: at most five steps, from 0. */
export function axisOf(longest: number): number[] {
  const step = steps.find(size => longest / size <= 5) ?? Math.ceil(longest / 5 / 3600) * 3600
  const count = Math.floor(longest / step + 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => Math.round(index * step * 10) / 10)
}
