import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ProgressReader, readProgress } from '../../../../src/image/buildx/progress.ts'

const recorded = (name: string) =>
  readFileSync(new URL(`../../../fixtures/buildx/${name}.txt`, import.meta.url), 'utf8').split('\n')

function read(lines: readonly string[]): { reader: ProgressReader; details: string[] } {
  const reader = readProgress()
  return { reader, details: lines.flatMap(line => reader.line(line) ?? []) }
}

const at = (seconds: number) => new Date(seconds * 1000).toISOString()
const status = (value: object) => JSON.stringify(value)
const vertex = (fields: object) =>
  status({ vertexes: [{ digest: 'd', name: '[linux/arm64 1/2] RUN x', ...fields }] })

describe.each(['0.13', '0.29'])('the progress that buildx %s wrote', version => {
  const { reader, details } = read(recorded(`progress-${version}`))

  it('gives each step its platform and seconds', () => {
    const runs = reader.vertexTimes().filter(({ name }) => name.startsWith('RUN'))
    expect(runs.map(({ name, platform }) => [platform, name]).sort()).toEqual([
      ['linux/amd64', 'RUN ["/app"]'],
      ['linux/arm64', 'RUN ["/app"]'],
    ])
    for (const { seconds, cached } of runs) {
      expect(cached).toBe(false)
      expect(seconds).toBeGreaterThan(0.2)
      expect(seconds).toBeLessThan(5)
    }
    expect(
      reader.vertexTimes().find(({ name }) => name === 'exporting to oci image format')?.platform,
    ).toBeUndefined()
  })

  it('tells what is going on, each text once in a row', () => {
    expect(details).toContainEqual(expect.stringMatching(/^linux\/(amd64|arm64) · RUN \["\/app"\]$/))
    expect(details).toContainEqual(expect.stringMatching(/^linux\/(amd64|arm64) · COPY linux\/\1\/ \/$/))
    expect(details.join('\n')).not.toContain('sha256:')
    expect(details.filter((detail, index) => detail === details[index - 1])).toEqual([])
    for (const detail of details) expect(detail.length).toBeLessThan(150)
  })

  it('logs the steps and what they wrote', () => {
    expect(reader.log()).toMatch(/^#\d+ one for arm64$/m)
    expect(reader.log()).toMatch(/^#\d+ 10%\n#\d+ 100%\n#\d+ red$/m)
    expect(reader.log()).toMatch(/^#\d+ \[linux\/amd64->arm64 build 3\/3\] RUN \["\/app"\] DONE \d\.\ds$/m)
    expect(reader.log()).toMatch(/^#\d+ .* CACHED$/m)
    expect(reader.plain()).toBe('')
  })
})

it.each(['0.13', '0.29'])('finds the error among the progress of buildx %s', version => {
  const { reader } = read(recorded(`failed-${version}`))
  expect(reader.plain()).toMatch(
    /^Dfail:5\n-{20}\n[\s\S]*>>> RUN \["\/app","fail"\]\n[\s\S]*\nERROR: .*exit code: 3$/,
  )
  expect(
    reader
      .vertexTimes()
      .filter(({ error }) => error)
      .map(({ name }) => name),
  ).toContain('RUN ["/app","fail"]')
  expect(reader.log()).toMatch(/ERROR: process "\/app fail" did not complete successfully: exit code: 3/)
  expect(reader.log()).toMatch(/\nERROR: .*exit code: 3\n$/)
})

describe('a step', () => {
  it('that ran twice took both runs, without the time between', () => {
    const { reader } = read([
      vertex({ started: at(10) }),
      vertex({ started: at(10), completed: at(12) }),
      vertex({ started: at(100) }),
      vertex({ started: at(100), completed: at(103) }),
    ])
    expect(reader.vertexTimes()).toEqual([
      { name: 'RUN x', platform: 'linux/arm64', seconds: 5, cached: false },
    ])
  })

  it('whose runs overlap counts no second twice', () => {
    const { reader } = read([
      vertex({ started: at(10), completed: at(14) }),
      vertex({ started: at(12), completed: at(13) }),
      vertex({ started: at(13), completed: at(15) }),
    ])
    expect(reader.vertexTimes()[0]?.seconds).toBe(5)
  })

  it('that has not ended took nothing yet', () => {
    const { reader } = read([vertex({ started: at(10) })])
    expect(reader.vertexTimes()[0]?.seconds).toBe(0)
  })

  it.each([
    ['[linux/amd64->arm/v7 build 10/12] RUN x', 'linux/arm/v7', 'RUN x'],
    ['[linux/arm/v7 stage-1 2/2] COPY a b', 'linux/arm/v7', 'COPY a b'],
    ['[linux/arm64 internal] load metadata for x', 'linux/arm64', 'load metadata for x'],
    ['[darwin/arm64->linux/amd64 1/2] RUN [ "a" ]', 'linux/amd64', 'RUN [ "a" ]'],
    ['[build 1/3] RUN x', undefined, 'RUN x'],
    ['[internal] load build context', undefined, 'load build context'],
    ['exporting to image', undefined, 'exporting to image'],
    ['RUN [x] y', undefined, 'RUN [x] y'],
  ])('%s', (name, platform, step) => {
    const [time] = read([vertex({ name })]).reader.vertexTimes()
    expect([time?.platform, time?.name]).toEqual([platform, step])
  })

  it('shows how far its transfers are and never goes back', () => {
    const transfer = (id: string, current: number, total: number) =>
      status({ statuses: [{ id, vertex: 'd', current, total }] })
    const { details } = read([
      vertex({ started: at(1), name: 'pull' }),
      transfer('a', 50, 100),
      transfer('b', 0, 900),
      transfer('a', 100, 100),
      transfer('b', 800, 900),
      transfer('b', 950, 900),
    ])
    expect(details).toEqual([
      'pull',
      'pull 50% of 100 B',
      'pull 50% of 1.0 kB',
      'pull 90% of 1.0 kB',
      'pull 100% of 1.0 kB',
    ])
  })
})

describe('whatever comes', () => {
  it.each([
    ['WARNING: x'],
    ['{'],
    ['{ "vertexes": 1 }'],
    ['{"a":1}'],
    ['{"vertexes":[{"digest":'],
    ['null'],
    ['#1 [internal] DONE'],
  ])('keeps %j as text', line => {
    expect(read([line]).reader.plain()).toBe(line)
  })

  it('keeps an object over lines that is no progress as text', () => {
    expect(read(['{', '  "a": 1', '}', 'after']).reader.plain()).toBe('{\n  "a": 1\n}\nafter')
  })

  it('takes objects on one line, over lines, and text between them', () => {
    const spread = JSON.stringify({ vertexes: [{ digest: 'e', name: 'two' }] }, undefined, 2).split('\n')
    const { reader } = read([
      'before',
      vertex({}),
      ...spread,
      'between',
      vertex({ digest: 'f', name: 'three' }),
    ])
    expect(reader.vertexTimes().map(({ name }) => name)).toEqual(['RUN x', 'two', 'three'])
    expect(reader.plain()).toBe('before\nbetween')
  })

  it('does not fail', () => {
    const json = fc.json().map(text => text.replaceAll('\n', ' '))
    const odd = fc
      .record({
        vertexes: fc.option(
          fc.array(fc.record({ digest: fc.string(), name: fc.string(), started: fc.string() })),
          {
            nil: undefined,
          },
        ),
        statuses: fc.array(fc.record({ id: fc.string(), vertex: fc.string(), total: fc.integer() })),
        logs: fc.array(fc.record({ vertex: fc.string(), data: fc.string() })),
      })
      .map(value => JSON.stringify(value))
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), json, odd)), lines => {
        const { reader } = read(lines)
        reader.vertexTimes()
        reader.plain()
        reader.log()
      }),
    )
  })
})
