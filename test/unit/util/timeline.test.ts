import { describe, expect, it } from 'vitest'
import { describeTimings } from '../../../src/ui/timings-text.ts'
import { beginSpan, chromeTrace, type Span, timeline } from '../../../src/util/timeline.ts'

const spans: readonly Span[] = [
  { kind: 'stage', name: 'compile', start: 100, end: 900 },
  { kind: 'command', name: 'go build a', start: 110, end: 500 },
  { kind: 'command', name: 'go build b', start: 120, end: 890 },
  { kind: 'command', name: 'go version', start: 500, end: 502 },
]

describe('the timeline', () => {
  it('has what has ended, by its start', () => {
    const endOuter = beginSpan('stage', 'outer')
    const endInner = beginSpan('command', 'inner')
    beginSpan('command', 'still running')
    endInner()
    endOuter()
    expect(timeline().map(({ name }) => name)).toEqual(['outer', 'inner'])
  })

  it('gives spans that overlap lanes of their own, in the trace', () => {
    const { traceEvents } = chromeTrace(spans)
    const lanes = traceEvents.filter(({ ph }) => ph === 'X').map(({ name, tid }) => [name, tid])
    expect(lanes).toEqual([
      ['compile', 1],
      ['go build a', 2],
      ['go build b', 3],
      ['go version', 2],
    ])
    expect(traceEvents.find(({ name }) => name === 'go build a')).toMatchObject({ ts: 110_000, dur: 390_000 })
    expect(traceEvents.filter(({ ph }) => ph === 'M').map(({ args }) => args?.['name'])).toEqual([
      'stage',
      'command',
      'command',
    ])
  })

  it('is a table that fits the terminal', () => {
    const text = describeTimings(spans, 60)
    expect(text.split('\n').every(line => line.length <= 60)).toBe(true)
    expect(text).toContain('0.110     0.390')
    expect(text).not.toContain('go version')
    expect(text).toMatch(/1 shorter than 5 ms/)
  })
})
