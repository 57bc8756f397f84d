import { expect, test } from 'vitest'
import type { Measurement, Outcome } from '../../../../src/bench/measure/measurement.ts'
import { renderSvg } from '../../../../src/bench/render/chart.ts'
import { renderMarkdown } from '../../../../src/bench/render/markdown.ts'
import { axisOf, wrap } from '../../../../src/bench/render/svg.ts'
import { renderText } from '../../../../src/bench/render/text.ts'
import { viewOf } from '../../../../src/bench/render/view.ts'
import { measurement, sample } from '../measurements.ts'

const usual = (emulated: number | Outcome) =>
  measurement({
    samples: [
      sample('native', 11),
      sample('native', 12),
      sample('native', 14),
      sample('dockerfile-cross', 13),
      sample('emulated', emulated),
    ],
  })
const verdict = (of: Measurement) => viewOf(of).platforms[0]?.verdict

test.each<[string, number | Outcome, RegExp]>([
  ['under five minutes', 247, /takes 4 min 07 s, 20\.6× the native time: it stays under the five minutes/],
  ['over five minutes', 600, /takes 10 min 00 s, 50\.0× the native time: it has crossed the five minutes/],
  [
    'cut off late',
    { kind: 'cut-off', limit: 600 },
    /cut off after 10 min 00 s, > 50\.0× .*: it has crossed the five minutes .*; native takes 12\.0 s\./,
  ],
  ['cut off early', { kind: 'cut-off', limit: 60 }, /cut off after 60\.0 s, > 5\.0× .*: too soon to tell/],
  [
    'a crash',
    { kind: 'crashed', detail: 'uncaught target signal 11' },
    /crashed \(uncaught target signal 11\), so there is no time to compare; native takes 12\.0 s\./,
  ],
])('the verdict on %s', (_, outcome, expected) => expect(verdict(usual(outcome))).toMatch(expected))

test('there is no verdict on what was not measured', () => {
  expect(verdict(measurement({ samples: [sample('native', 12)] }))).toBeUndefined()
  expect(verdict(usual({ kind: 'failed', detail: 'no network' }))).toBeUndefined()
})

const gave = (strategy: 'native' | 'dockerfile-cross' | 'emulated', sum: string) =>
  sample(strategy, { kind: 'measured', compile: 1, whole: 1, sha256: { server: sum.repeat(32) } })

test.each([
  [['ab', 'ab', 'ab'], /^native, dockerfile-cross, emulated gave the same binary, sha256 abababababab…$/],
  [['ab', 'ab', 'cd'], /^emulated gave another binary than native$/],
])('binaries %j', ([native, cross, emulated], expected) => {
  const of = measurement({
    samples: [
      gave('native', native ?? ''),
      gave('dockerfile-cross', cross ?? ''),
      gave('emulated', emulated ?? ''),
    ],
  })
  expect(viewOf(of).platforms[0]?.binaries).toMatch(expected)
})

test('the table has a bar for each time, and none for a crash', () => {
  const text = renderText(viewOf(usual({ kind: 'crashed', detail: 'signal 11' })))
  expect(text).toMatch(/^ {2}native +12\.0 s +11\.0 s +14\.0 s +25 % +3 +11\.5 s +▇+$/m)
  expect(text).toMatch(/^ {2}emulated +crashed +0$/m)
})

test('the bar of a build that was cut off is open', () => {
  expect(renderText(viewOf(usual({ kind: 'cut-off', limit: 240 })))).toMatch(
    /emulated +> 4 min 00 s +0 +> 20\.0× +▇{32}▷$/m,
  )
})

test('the bar of a median is closed although another run was cut off', () => {
  const cutOff = { kind: 'cut-off', limit: 240 } as const
  const samples = [90, 100, cutOff].map(run => sample('emulated', run))
  expect(renderText(viewOf(measurement({ samples })))).toMatch(/emulated +1 min 40 s .*▇$/m)
})

test('the scenarios of warm caches stand apart', () => {
  const text = renderText(
    viewOf(
      measurement({
        samples: [sample('native', 12), sample('native', 1, 'edited'), sample('emulated', 30, 'edited')],
      }),
    ),
  )
  expect(text).toMatch(
    /cold caches\n.*\n.*native +12\.0 s[\s\S]*one line changed\n.*\n.*native +1\.0 s.*\n.*emulated +30\.0 s.*30\.0×/,
  )
})

test('the conditions are all told', () => {
  const text = renderText(
    viewOf(
      measurement({
        samples: [sample('native', 1)],
        toolchains: { 'linux/arm64 emulated': 'golang:1.26.8' },
      }),
    ),
  )
  for (const part of [
    '2 × Test CPU',
    'buildx 0.29.1',
    'engine 28.5.2',
    'qemu-aarch64 11.1.2',
    'golang:1.26.8',
    'commit 1234567890ab',
    'load average 0.5',
  ]) {
    expect(text).toContain(part)
  }
})

test('Markdown is a table that no text can break out of', () => {
  const hostile = 'a | b\n<script>`x`'
  const markdown = renderMarkdown(
    viewOf({ ...usual({ kind: 'crashed', detail: hostile }), remarks: [hostile] }),
  )
  expect(markdown).toContain('| cold caches | native | 12.0 s | 11.0 s – 14.0 s | 11.5 s |  |')
  expect(markdown).not.toContain('<script>')
  const rows = markdown.split('\n').filter(line => line.startsWith('|'))
  for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(8)
})

test('the chart is well-formed, needs nothing from elsewhere and has both colour schemes', () => {
  const svg = renderSvg(
    viewOf({ ...usual(247), project: { ...measurement().project, executables: ['a<b>&"c"'] } }),
  )
  expect(svg).toContain('a&#60;b&#62;&#38;&#34;c&#34;')
  expect(svg).toContain('@media (prefers-color-scheme:dark)')
  expect(svg).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)|<script|@import|url\(/)
  const widths = bars(svg)
  expect(widths).toHaveLength(3)
  expect((widths[2] ?? 0) / (widths[0] ?? 1)).toBeCloseTo(247 / 12, 0)
  // Neither scheme can rely on the page's own ground.
  for (const ground of ['#ffffff', '#0d1117']) expect(svg).toContain(`.ground{fill:${ground};`)
})

const bars = (svg: string) =>
  [
    ...svg.matchAll(
      /<rect [^>]*width="([\d.]+)" height="[\d.]+" rx="3" class="(?:native|dockerfile-cross|emulated)"/g,
    ),
  ].map(([, width]) => Number(width))

test.each<[string, Partial<Measurement>]>([
  ['long names', { project: { ...measurement().project, executables: ['x'.repeat(90), 'y'.repeat(90)] } }],
  ['a crash', { samples: [sample('emulated', { kind: 'crashed', detail: 'z'.repeat(300) })] }],
  ['a cut-off', { samples: [sample('native', 1), sample('emulated', { kind: 'cut-off', limit: 86_400 })] }],
  ['a long builder name', { engine: { builder: 'b'.repeat(200), driver: 'docker-container' } }],
  ['runs far apart', { samples: [sample('native', 1), sample('native', 2), sample('native', 900)] }],
])('no text of the chart runs over its edge: %s', (_, fields) => {
  const svg = renderSvg(viewOf({ ...usual(247), ...fields }))
  for (const [, x, kind, inner = ''] of svg.matchAll(
    /<text x="([\d.]+)" y="[\d.]+" class="(\w+)">(.*?)<\/text>/g,
  )) {
    const letters = inner.replace(/<[^>]*>/g, ' ').replace(/&#\d+;/g, '&').length
    // Pixels of an average letter, in the widest of the fonts.
    const letter = { title: 11, note: 6.6, tick: 6.6 }[kind ?? ''] ?? 8
    expect(Number(x) + letters * letter * (kind === 'tick' ? 0.5 : 1)).toBeLessThanOrEqual(800)
  }
})

test('the chart tells of warm builds in words, and of each run’s distance by a line', () => {
  const svg = renderSvg(
    viewOf(
      measurement({
        samples: [
          sample('native', 8),
          sample('native', 12),
          sample('native', 2, 'edited'),
          sample('emulated', 30, 'edited'),
        ],
      }),
    ),
  )
  expect(bars(svg)).toHaveLength(1)
  expect(svg).toContain('emulated 30.0 s (15.0×)')
  expect(svg.match(/class="range"/g)).toHaveLength(3)
})

test.each([
  [0.9, [0, 0.2, 0.4, 0.6, 0.8]],
  [13.9, [0, 5, 10]],
  [247, [0, 60, 120, 180, 240]],
  [4000, [0, 1200, 2400, 3600]],
])('the axis of %d seconds has ticks at %j', (longest, ticks) => expect(axisOf(longest)).toEqual(ticks))

test('an axis of a week still has few ticks', () => expect(axisOf(604_800).length).toBeLessThan(7))

test.each([
  ['one two three', 7, ['one two', 'three']],
  ['short', 7, ['short']],
  ['a-very-long-word and', 7, ['a-very…', 'and']],
])('wrap(%j, %d)', (text, length, lines) => expect(wrap(text, length)).toEqual(lines))

test('a chart of nothing is still a chart', () => {
  expect(renderSvg(viewOf(measurement()))).toContain('</svg>')
})
