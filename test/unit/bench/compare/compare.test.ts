import { expect, test } from 'vitest'
import { type BuiltPlatforms, type Comparison, compareBuild } from '../../../../src/bench/compare/compare.ts'
import { publishedRatios } from '../../../../src/bench/compare/published.ts'
import type { Thresholds } from '../../../../src/bench/compare/threshold-flags.ts'
import { checkComparisons, checkMeasurement } from '../../../../src/bench/compare/thresholds.ts'
import type { Measurement } from '../../../../src/bench/measure/measurement.ts'
import { describeComparisons } from '../../../../src/bench/render/comparison-text.ts'
import type { ReportedArtifact } from '../../../../src/build/report.ts'
import { measurement, sample } from '../measurements.ts'

const { project, host } = measurement()
const recorded = (fields: Partial<Measurement> = {}) =>
  measurement({ samples: [sample('native', 12), sample('emulated', 247)], ...fields })

/** A build of linux/arm64 and whatever else that took so many seconds for each. */
function built(
  seconds: Readonly<Record<string, number>>,
  options: { cached?: boolean; compile?: number } = {},
): BuiltPlatforms {
  const sum = Object.values(seconds).reduce((total, each) => total + each, 0)
  const artifacts = Object.entries(seconds).map(([platform, each]) => ({
    platform,
    name: 'server',
    seconds: each,
    cached: options.cached ?? false,
  }))
  return {
    artifacts: artifacts as unknown as ReportedArtifact[],
    seconds: {
      inspect: 0.5,
      compile: options.compile ?? sum,
      verify: 0.1,
      image: 1,
      readBack: 1,
      total: sum + 3,
    },
    host,
    warm: false,
  }
}
const compare = (build: BuiltPlatforms, measurements: readonly Measurement[]) =>
  compareBuild(project, ['linux/arm64'], build, measurements)[0]
const check =
  (build: BuiltPlatforms, thresholds: Thresholds, measurements: readonly Measurement[], made?: Measurement) =>
  () => {
    const comparisons = compareBuild(project, ['linux/arm64'], build, measurements)
    checkComparisons({ comparisons, measurements, project, ...(made && { made }) }, thresholds, host)
  }
const now = Date.parse('2026-01-05T03:04:05Z')

test('a cold build is compared by its own time', () => {
  const comparison = compare(built({ 'linux/arm64': 12.4 }), [recorded()])
  expect(comparison).toMatchObject({
    native: { seconds: 13, from: 'this build' },
    baseline: { seconds: 247 },
    ratio: { times: 19 },
  })
  expect(describeComparisons([comparison as never], now)).toEqual([
    'linux/arm64: 13.0 s cold against 4 min 07 s emulated, 19.0× (measured 3 days ago at 1234567890ab with qemu 11.1.2)',
  ])
})

test('a warm build is compared by the recorded cold time', () => {
  const comparison = compare(built({ 'linux/arm64': 0.4 }, { cached: true }), [recorded()])
  expect(comparison).toMatchObject({ native: { seconds: 12, from: 'recorded' }, took: 0.4 })
  expect(describeComparisons([comparison as never], now)[0]).toMatch(
    /^linux\/arm64: 12\.0 s cold against 4 min 07 s emulated, 20\.6× \(measured .*\)$/,
  )
})

test.each([
  ['the standard library came from a cache', built({ 'linux/arm64': 2 })],
  ['platforms were compiled side by side', built({ 'linux/arm64': 14, 'linux/amd64': 14 }, { compile: 14 })],
  ['another platform alone was cold', built({ 'linux/amd64': 14 })],
])('a build counts as warm where %s', (_, build) => {
  expect(compare(build, [recorded()])?.native).toEqual({ seconds: 12, from: 'recorded' })
})

test('platforms that were compiled one after another are as good as one alone', () => {
  expect(compare(built({ 'linux/arm64': 12.4, 'linux/amd64': 11 }), [recorded()])?.native?.from).toBe(
    'this build',
  )
})

test('on another machine only what was recorded together is compared', () => {
  const elsewhere = recorded({ host: { ...host, cpus: 64 } })
  const comparison = compare(built({ 'linux/arm64': 30 }), [elsewhere])
  expect(comparison).toMatchObject({
    native: { seconds: 12, from: 'recorded' },
    baseline: { sameMachine: false },
  })
  expect(describeComparisons([comparison as never], now)[0]).toContain('both on another machine')
})

test.each([
  ['another toolchain', { project: { ...project, toolchain: { name: 'go', version: '1.25.0' } } }],
  ['another program', { project: { ...project, executables: ['client'] } }],
  ['other flags', { project: { ...project, settings: '{"tags":["x"]}' } }],
  [
    'another platform',
    {
      samples: [
        sample('native', 12, 'cold', 'linux/riscv64'),
        sample('emulated', 99, 'cold', 'linux/riscv64'),
      ],
    },
  ],
  ['warm caches', { samples: [sample('native', 12), sample('emulated', 30, 'edited')] }],
  ['no emulated build', { samples: [sample('native', 12)] }],
  [
    'a failure',
    { samples: [sample('native', 12), sample('emulated', { kind: 'failed', detail: 'no network' })] },
  ],
] as [string, Partial<Measurement>][])('a baseline with %s is not used', (_, fields) => {
  const comparison = compare(built({ 'linux/arm64': 12 }), [recorded(fields)])
  expect(comparison?.baseline).toBeUndefined()
  expect(comparison?.ratio).toBeUndefined()
  const [low, high] = publishedRatios.go as readonly [number, number]
  expect(comparison?.estimate).toEqual({ language: 'go', low, high })
  expect(describeComparisons([comparison as never], now)[0]).toContain('(an estimate, from published cold')
})

const natively = measurement({ samples: [sample('native', 12)] })
test('a build without a baseline and without an estimate says nothing of emulation', () => {
  const { estimate, ...comparison } = compare(built({ 'linux/arm64': 12.4 }), [natively]) as Comparison
  expect(estimate).toBeDefined()
  expect(describeComparisons([comparison], now)).toEqual([])
})

test.each([
  ['a warm build', { ...built({ 'linux/arm64': 2 }), warm: true }, 'linux/arm64'],
  ['a build from the cache', built({ 'linux/arm64': 0.4 }, { cached: true }), 'linux/arm64'],
  ['another platform', built({ 'linux/arm/v7': 12 }), 'linux/arm/v7'],
])('the published runs tell nothing of %s', (_, build, platform) => {
  expect(compareBuild(project, [platform], build, [])[0]?.estimate).toBeUndefined()
})

test('all platforms are told in one line, and a shared origin once', () => {
  const both = recorded({
    emulators: {},
    samples: ['linux/arm64', 'linux/arm/v7'].flatMap(platform => [
      sample('native', 12, 'cold', platform),
      sample('emulated', 240, 'cold', platform),
    ]),
  })
  const comparisons = compareBuild(project, ['linux/arm64', 'linux/arm/v7'], built({ 'linux/arm64': 1 }), [
    both,
  ])
  const [line = '', ...more] = describeComparisons(comparisons, now)
  expect(more).toEqual([])
  expect(line.match(/measured 3 days ago/g)).toHaveLength(1)
  expect(line).toContain('; linux/arm/v7: 12.0 s cold against 4 min 00 s emulated, 20.0× (measured')
})

test('an estimate is marked as one, with the command that measures', () => {
  const comparison = {
    platform: 'linux/arm64',
    took: 2,
    estimate: { language: 'go', low: 14.6, high: 20.9 } as const,
    measure: ['xbuild', 'bench', 'my project', '--platform', 'linux/arm64'],
  }
  expect(describeComparisons([comparison], now)).toEqual([
    "linux/arm64: about 15 to 21 times as long under emulation (an estimate, from published cold builds of small Go programs); to measure it: xbuild bench 'my project' --platform linux/arm64",
  ])
})

test('a cold build without a baseline is held against the recorded native times', () => {
  expect(check(built({ 'linux/arm64': 40 }), { maxGrowth: 1.5 }, [natively])).toThrow(
    expect.objectContaining({ kind: 'no' }),
  )
})

test('the newest baseline that fits is used', () => {
  const older = recorded({
    id: 'old',
    startedAt: '2025-01-01T00:00:00Z',
    samples: [sample('native', 12), sample('emulated', 500)],
  })
  expect(compare(built({ 'linux/arm64': 12 }), [recorded(), older])?.baseline?.seconds).toBe(247)
  expect(compare(built({ 'linux/arm64': 12 }), [older, recorded()])?.baseline?.seconds).toBe(247)
})

test('a native time recorded elsewhere stands in where the baseline has none of its own', () => {
  const alone = recorded({ id: 'emulated alone', samples: [sample('emulated', 240)] })
  const natively = recorded({ id: 'native alone', samples: [sample('native', 12)] })
  expect(compare(built({ 'linux/arm64': 1 }), [natively, alone])).toMatchObject({
    native: { seconds: 12 },
    ratio: { times: 20 },
  })
})

test.each([
  [{ kind: 'cut-off', limit: 300 } as const, /12\.0 s cold against more than 5 min 00 s emulated, > 25\.0×/],
  [
    { kind: 'crashed', detail: 'signal 11' } as const,
    /12\.0 s cold against an emulated build that crashed \(/,
  ],
])('a baseline that ended as %j is told as what it is', (outcome, expected) => {
  const comparison = compare(built({ 'linux/arm64': 1 }), [
    recorded({ samples: [sample('native', 12), sample('emulated', outcome)] }),
  ])
  expect(describeComparisons([comparison as never], now)[0]).toMatch(expected)
})

const bounded = (emulated: Parameters<typeof sample>[1], failUnder: number) => () =>
  checkMeasurement(measurement({ samples: [sample('native', 10), sample('emulated', emulated)] }), [], {
    failUnder,
  })

test.each<[string, Parameters<typeof sample>[1], number, RegExp | undefined]>([
  ['above', 60, 5, undefined],
  ['just at', 50, 5, undefined],
  ['below', 40, 5, /native is less than 5× faster than emulation: 4\.0×/],
  ['cut off above', { kind: 'cut-off', limit: 60 }, 5, undefined],
  ['cut off before it could tell', { kind: 'cut-off', limit: 40 }, 5, /only > 4\.0× is known/],
  ['crashed', { kind: 'crashed', detail: '' }, 5, undefined],
  ['failed', { kind: 'failed', detail: '' }, 5, /no ratio was measured/],
])('--bench-fail-under and a ratio %s', (_, emulated, threshold, fault) => {
  const check = bounded(emulated, threshold)
  if (fault === undefined) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ kind: 'no', why: expect.stringMatching(fault) }))
})

test('a build without a baseline does not pass --bench-fail-under', () => {
  expect(check(built({ 'linux/arm64': 12 }), { failUnder: 5 }, [])).toThrow(
    expect.objectContaining({ kind: 'no', why: expect.stringContaining('no ratio was measured') }),
  )
})

const history = [10, 11, 30].map((seconds, index) =>
  measurement({ id: `${index}`, samples: [sample('native', seconds)] }),
)

test.each([
  [15, true],
  [17, false],
])('--bench-max-growth 1.5 with a history of 11 s and %d s now', (seconds, passes) => {
  const check = () =>
    checkMeasurement(measurement({ id: 'now', samples: [sample('native', seconds)] }), history, {
      maxGrowth: 1.5,
    })
  if (passes) expect(check).not.toThrow()
  else
    expect(check).toThrow(
      expect.objectContaining({ kind: 'no', why: expect.stringContaining('1.5 times the recorded 11.0 s') }),
    )
})

test('growth is not held against other machines, other projects, or the measurement itself', () => {
  const now = measurement({ id: 'now', samples: [sample('native', 100)] })
  const others = history.map((item, index) =>
    index === 0
      ? { ...item, host: { ...host, cpu: 'Other' } }
      : { ...item, project: { ...project, executables: ['x'] } },
  )
  expect(() => checkMeasurement(now, [...others, now], { maxGrowth: 1.5 })).not.toThrow()
})

test('a cold build is held against the history; a warm one cannot be, which is no pass', () => {
  const fault = (seconds: number) =>
    check(built({ 'linux/arm64': seconds }), { maxGrowth: 1.5 }, [recorded()])
  expect(fault(12)).not.toThrow()
  expect(fault(40)).toThrow(
    expect.objectContaining({ kind: 'no', why: expect.stringContaining('3.4 times') }),
  )
  expect(fault(1)).toThrow(
    expect.objectContaining({ kind: 'no', why: expect.stringContaining('measure it with --bench') }),
  )
})

test.each([
  ['warm', { 'linux/arm64': 1 }],
  ['cold', { 'linux/arm64': 18 }],
])('a %s build that measured is judged by that, against what was recorded before', (_, seconds) => {
  const earlier = measurement({ id: 'earlier', samples: [sample('native', 10)] })
  const made = (native: number) => measurement({ id: 'made', samples: [sample('native', native)] })
  const judge = (own: Measurement, before: readonly Measurement[]) =>
    check(built(seconds), { maxGrowth: 1.5 }, [...before, own], own)
  expect(judge(made(18), [earlier])).toThrow(
    expect.objectContaining({ kind: 'no', why: expect.stringContaining('1.8 times the recorded 10.0 s') }),
  )
  expect(judge(made(14), [earlier])).not.toThrow()
  expect(judge(made(18), [])).not.toThrow()
})

test.each<[Thresholds, RegExp]>([
  [{ failUnder: 5 }, /no emulation to compare with the threshold of 5×; choose another with --platform/],
  [{ maxGrowth: 1.5 }, /xbuild bench checks the growth of the others/],
])('a build of nothing foreign does not pass %j', (thresholds, why) => {
  const compared = { comparisons: [], measurements: [recorded()], project }
  const fault = { kind: 'no', why: expect.stringMatching(why) }
  expect(() => checkComparisons(compared, thresholds, host)).toThrow(expect.objectContaining(fault))
  expect(() => checkComparisons(compared, {}, host)).not.toThrow()
})

test.each<[Thresholds, Parameters<typeof sample>[], RegExp]>([
  [{ failUnder: 5 }, [['native', 10]], /no emulation to compare with the threshold of 5×/],
  [{ maxGrowth: 1.5 }, [['emulated', 99]], /--strategy native --scenario cold/],
  [{ maxGrowth: 1.5 }, [['native', { kind: 'cut-off', limit: 5 }]], /no cold native time .* raise --timeout/],
])('a measurement of nothing that %j checks does not pass', (thresholds, samples, why) => {
  const made = measurement({ samples: samples.map(item => sample(...item)) })
  expect(() => checkMeasurement(made, [], thresholds)).toThrow(
    expect.objectContaining({ kind: 'no', why: expect.stringMatching(why) }),
  )
})
