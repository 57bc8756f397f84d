import { languages } from '../../languages/index.ts'
import { describeSeconds } from '../../util/format.ts'
import type { Emulator, Measurement } from '../measure/measurement.ts'
import { pathNames, type Ratio, type Row, type RowName, rowsOf } from '../measure/samples.ts'

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

/** The rows of one platform with what they amount to. */
export interface PlatformView {
  readonly platform: string
  readonly rows: readonly Row[]
  readonly verdict?: string
  readonly binaries?: string
}

/** What a row is called for people. */
export const rowTitles: Readonly<Record<RowName, string>> = {
  cold: 'cold caches',
  unchanged: 'nothing changed',
  edited: 'one line changed',
}

/** From here on an emulated build is said to be worth replacing. */
const changeOverSeconds = 300

export function viewOf(measurement: Measurement): BenchView {
  const { project, samples, remarks, startedAt } = measurement
  const rows = rowsOf(samples)
  const platforms = [...new Set(rows.map(({ platform }) => platform))]
  const name = project.executables.join(', ')
  const toolchain = `${languages[project.language].title} ${project.toolchain.version}`
  return {
    name,
    toolchain,
    title: `${name}, ${toolchain}`,
    platforms: platforms.map(platform => {
      const own = rows.filter(row => row.platform === platform)
      const verdict = verdictOf(own)
      const binaries = compareBinaries(measurement, platform)
      return { platform, rows: own, ...(verdict && { verdict }), ...(binaries && { binaries }) }
    }),
    facts: factsOf(measurement),
    remarks,
    startedAt,
  }
}

/** `20.6×`, or `> 20.6×` for a run that was cut off; whole numbers from a hundred on. */
export function describeRatio({ times, atLeast }: Ratio): string {
  return `${atLeast ? '> ' : ''}${times < 99.95 ? times.toFixed(1) : Math.round(times)}×`
}

/** The whole time of a row, or how it ended. */
export function describeRow({ whole, ended }: Row): string {
  if (whole) return describeSeconds(whole.median)
  if (ended?.kind === 'cut-off') return `> ${describeSeconds(ended.limit)}`
  return ended?.kind ?? ''
}

/** Answers whether the emulated build has crossed the five minutes. */
function verdictOf(rows: readonly Row[]): string | undefined {
  const cold = rows.filter(({ row }) => row === 'cold')
  const emulated = cold.find(({ path }) => path === 'emulated')
  const native = cold.find(({ path }) => path === 'native')
  if (!emulated) return undefined
  const { whole, ended, ratio } = emulated
  const times = ratio ? `, ${describeRatio(ratio)} the native time` : ''
  const beside = native?.whole ? `; native takes ${describeSeconds(native.whole.median)}` : ''
  if (whole) {
    const crossed = whole.median > changeOverSeconds
    const also = ended ? ` Another run ${ended.kind === 'cut-off' ? 'was cut off' : ended.kind}.` : ''
    return `The emulated build takes ${describeSeconds(whole.median)}${times}: it ${crossed ? 'has crossed' : 'stays under'} the five minutes at which changing over is advised.${also}`
  }
  switch (ended?.kind) {
    case 'cut-off': {
      const crossed = ended.limit >= changeOverSeconds
      return `The emulated build was cut off after ${describeSeconds(ended.limit)}${times}: ${crossed ? 'it has crossed the five minutes at which changing over is advised' : 'too soon to tell whether it crosses five minutes'}${beside}.`
    }
    case 'crashed':
      return `The emulated build crashed (${ended.detail}), so there is no time to compare${beside}.`
    default:
      return undefined
  }
}

/** Whether the paths gave the same binary; undefined where fewer than two gave one. */
function compareBinaries({ samples }: Measurement, platform: string): string | undefined {
  const cold = samples.filter(sample => sample.platform === platform && sample.row === 'cold')
  const found = pathNames.flatMap(path => {
    const last = cold.findLast(sample => sample.path === path && sample.outcome.kind === 'measured')?.outcome
    const sums = last?.kind === 'measured' ? Object.values(last.sha256).sort() : []
    return sums.length > 0 ? [{ path, sums }] : []
  })
  const [first] = found
  if (!first || found.length < 2) return undefined
  const others = found.filter(({ sums }) => sums.join() !== first.sums.join())
  const names = found.map(({ path }) => path).join(', ')
  return others.length === 0
    ? `${names} gave the same binary, sha256 ${first.sums.map(sum => sum.slice(0, 12)).join(', ')}…`
    : `${others.map(({ path }) => path).join(' and ')} gave another binary than ${first.path}`
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
    ...Object.entries(toolchains).map(([path, name]) => `${path}: ${name}`),
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
