import type { Span, SpanKind } from '../util/timeline.ts'

/** Milliseconds; what was shorter only clutters the table. */
const shortest = 5

const indents: Readonly<Record<SpanKind, number>> = { start: 0, stage: 0, task: 2, command: 4, request: 4 }

/** Spans as a table with a bar for each, in the order in which they began. `columns` is the width of the terminal. */
export function describeTimings(spans: readonly Span[], columns = 100): string {
  const shown = spans.filter(({ kind, start, end }) => kind === 'stage' || end - start >= shortest)
  const total = Math.max(1, ...spans.map(span => span.end))
  const barWidth = Math.min(40, Math.max(10, Math.floor(columns / 3)))
  const nameWidth = Math.max(20, columns - barWidth - 20)
  const rows = shown.map(({ kind, name, start, end }) => {
    const left = Math.min(barWidth - 1, Math.floor((start / total) * barWidth))
    const width = Math.max(1, Math.round(((end - start) / total) * barWidth))
    const bar = (' '.repeat(left) + '█'.repeat(Math.min(width, barWidth - left))).padEnd(barWidth)
    const text = cut(' '.repeat(indents[kind]) + name, nameWidth)
    return `${seconds(start)}  ${seconds(end - start)}  ${bar}  ${text}`
  })
  const hidden = spans.length - shown.length
  const rest = hidden > 0 ? [`${hidden} shorter than ${shortest} ms; XBUILD_TRACE=FILE has them all`] : []
  return ['   start   seconds', ...rows, ...rest].join('\n')
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3).padStart(8)

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)
