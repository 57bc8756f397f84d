/** What a stretch of time was spent on. */
export type SpanKind = 'start' | 'stage' | 'task' | 'command' | 'request'

/** A stretch of time. Times are milliseconds since this process was started. */
export interface Span {
  readonly kind: SpanKind
  readonly name: string
  readonly start: number
  readonly end: number
}

const spans: Span[] = []

/** Notes what this process spends its time on from now on. The function that it returns ends the span. */
export function beginSpan(kind: SpanKind, name: string): () => void {
  const start = performance.now()
  return () => {
    spans.push({ kind, name, start, end: performance.now() })
  }
}

/** Notes the time from the start of the process until now: Node.js starting, and xbuild being loaded. */
export function recordStart(): void {
  const { bootstrapComplete } = performance.nodeTiming
  spans.push({ kind: 'start', name: 'start Node.js', start: 0, end: bootstrapComplete })
  spans.push({ kind: 'start', name: 'load xbuild', start: bootstrapComplete, end: performance.now() })
}

/** Every span that has ended, by its start; of two that began together, the longer one first. */
export function timeline(): readonly Span[] {
  return spans.toSorted((one, other) => one.start - other.start || other.end - one.end)
}

/** An event of Chrome's trace event format. Times are microseconds. */
interface TraceEvent {
  readonly ph: 'X' | 'M'
  readonly name: string
  readonly cat?: SpanKind
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly args?: Readonly<Record<string, unknown>>
}

/**
 * Spans in the JSON form of Chrome's trace event format ("Trace Event Format", complete events), which chrome://tracing,
 * Perfetto and speedscope read. Spans that overlap are given lanes of their own, as those viewers require.
 */
export function chromeTrace(all: readonly Span[]): { readonly traceEvents: readonly TraceEvent[] } {
  const lanes: { readonly kind: SpanKind; end: number }[] = []
  const laneOf = ({ kind, start, end }: Span) => {
    const free = lanes.findIndex(lane => lane.kind === kind && lane.end <= start)
    const lane = free < 0 ? lanes.push({ kind, end }) - 1 : free
    ;(lanes[lane] as { end: number }).end = end
    return lane
  }
  const events = all.map((span): TraceEvent => {
    const { kind, name, start, end } = span
    const microseconds = (time: number) => Math.round(time * 1000)
    const ts = microseconds(start)
    return { ph: 'X', name, cat: kind, pid: 1, tid: laneOf(span) + 1, ts, dur: microseconds(end) - ts }
  })
  const names = lanes.map(
    ({ kind }, lane): TraceEvent => ({
      ph: 'M',
      name: 'thread_name',
      pid: 1,
      tid: lane + 1,
      args: { name: kind },
    }),
  )
  return { traceEvents: [...names, ...events] }
}
