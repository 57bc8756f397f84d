import { languages } from '../../languages/index.ts'
import { describeSeconds } from '../../util/format.ts'
import type { Emulator, Measurement } from '../measure/measurement.ts'
import { type ScenarioName, strategyNames } from '../measure/measurement.ts'
import { describeRatio, type Result, resultsOf } from '../measure/results.ts'

/** A measurement as a reader is told it; the table, the Markdown and the chart are renderings of this. */
export interface BenchView {
  /** The programs: `server`. */
  readonly name: string
  /** `Go 1.26.8`. */
  readonly toolchain: string
  /** `server, Go 1.26.8`. */
  readonly title: string
  readonly platforms: readonly PlatformView[]
  /** What the figures depend on: machine, engine, emulator, toolchains, load. */
  readonly facts: readonly string[]
  readonly remarks: readonly string[]
  /** RFC 3339. */
  readonly startedAt: string
}

/** The results of one platform with what they amount to. */
export interface PlatformView {
  readonly platform: string
  readonly results: readonly Result[]
  readonly verdict?: string
  readonly binaries?: string
}

/** What a result is called for people. */
export const scenarioTitles: Readonly<Record<ScenarioName, string>> = {
  cold: 'cold caches',
  unchanged: 'nothing changed',
  edited: 'one line changed',
}

/** From here on an emulated build is said to be worth replacing. */
const changeOverSeconds = 300

export function viewOf(measurement: Measurement): BenchView {
  const { project, samples, remarks, startedAt } = measurement
  const results = resultsOf(samples)
  const platforms = [...new Set(results.map(({ platform }) => platform))]
  const name = project.executables.join(', ')
  const toolchain = `${languages[project.language].title} ${project.toolchain.version}`
  return {
    name,
    toolchain,
    title: `${name}, ${toolchain}`,
    platforms: platforms.map(platform => {
      const own = results.filter(result => result.platform === platform)
      const verdict = verdictOf(own)
      const binaries = compareBinaries(measurement, platform)
      return { platform, results: own, ...(verdict && { verdict }), ...(binaries && { binaries }) }
    }),
    facts: factsOf(measurement),
    remarks,
    startedAt,
  }
}

/** Answers whether the emulated build has crossed the five minutes. */
function verdictOf(results: readonly Result[]): string | undefined {
  const cold = results.filter(({ scenario }) => scenario === 'cold')
  const emulated = cold.find(({ strategy }) => strategy === 'emulated')
  const native = cold.find(({ strategy }) => strategy === 'native')
  if (!emulated) return undefined
  const { whole, ended, ratio } = emulated
  const times = ratio ? `, ${describeRatio(ratio)} the native time` : ''
  const nativeText = native?.whole ? `; native takes ${describeSeconds(native.whole.median)}` : ''
  if (whole) {
    const crossed = whole.median > changeOverSeconds
    const also = ended ? ` Another run ${ended.kind === 'cut-off' ? 'was cut off' : ended.kind}.` : ''
    return `The emulated build takes ${describeSeconds(whole.median)}${times}: it ${crossed ? 'has crossed' : 'stays under'} the five minutes at which changing over is advised.${also}`
  }
  switch (ended?.kind) {
    case 'cut-off': {
      const crossed = ended.limit >= changeOverSeconds
      return `The emulated build was cut off after ${describeSeconds(ended.limit)}${times}: ${crossed ? 'it has crossed the five minutes at which changing over is advised' : 'too soon to tell whether it crosses five minutes'}${nativeText}.`
    }
    case 'crashed':
      return `The emulated build crashed (${ended.detail}), so there is no time to compare${nativeText}.`
    default:
      return undefined
  }
}

/** Whether the strategies gave the same binary; undefined where fewer than two gave one. */
function compareBinaries({ samples }: Measurement, platform: string): string | undefined {
  const cold = samples.filter(sample => sample.platform === platform && sample.scenario === 'cold')
  const found = strategyNames.flatMap(strategy => {
    const last = cold.findLast(
      sample => sample.strategy === strategy && sample.outcome.kind === 'measured',
    )?.outcome
    const sums = last?.kind === 'measured' ? Object.values(last.sha256).sort() : []
    return sums.length > 0 ? [{ strategy, sums }] : []
  })
  const [first] = found
  if (!first || found.length < 2) return undefined
  const others = found.filter(({ sums }) => sums.join() !== first.sums.join())
  const names = found.map(({ strategy }) => strategy).join(', ')
  return others.length === 0
    ? `${names} gave the same binary, sha256 ${first.sums.map(sum => sum.slice(0, 12)).join(', ')}…`
    : `${others.map(({ strategy }) => strategy).join(' and ')} gave another binary than ${first.strategy}`
}

function factsOf(measurement: Measurement): string[] {
  const { host, engine, emulators, toolchains, samples, source, xbuild } = measurement
  const loads = samples.map(({ load }) => load)
  const engineParts = engine && [
    engine.docker && `engine ${engine.docker}`,
    engine.buildx && `buildx ${engine.buildx}`,
    engine.buildkit && `BuildKit ${engine.buildkit}`,
    `builder ${engine.builder} (${engine.driver} driver)`,
  ]
  return [
    `${host.cpus} × ${host.cpu}, ${host.os}/${host.arch}; xbuild ${xbuild}, Node ${host.node}`,
    ...(engineParts ? [engineParts.filter(Boolean).join(', ')] : []),
    ...Object.entries(emulators).map(
      ([platform, item]) => `${platform} emulated by ${describeEmulator(item)}`,
    ),
    ...Object.entries(toolchains).map(([strategy, name]) => `${strategy}: ${name}`),
    ...(loads.length > 0
      ? [`load average ${Math.min(...loads)} to ${Math.max(...loads)} as the runs began`]
      : []),
    ...(source.revision
      ? [
          `commit ${source.revision.slice(0, 12)}${source.version?.endsWith('-dirty') ? ', with changes' : ''}`,
        ]
      : []),
  ]
}

/** An emulator for people. */
export function describeEmulator({ kind, program, version }: Emulator): string {
  if (kind === 'unknown') return 'an emulator of the builder’s machine'
  const by = kind === 'kernel' ? 'the kernel’s binfmt_misc entry' : 'the emulator that BuildKit brings along'
  return `${by}, ${[program, version].filter(Boolean).join(' ')}`
}
