import type { Report } from '../../build/report.ts'
import type { Options } from '../../config/options.ts'
import { type Failure, isFailure } from '../../errors.ts'
import type { LanguageName } from '../../languages/options.ts'
import { parsePlatforms } from '../../platforms.ts'
import type { Emit } from '../../types.ts'
import { hostArch } from '../../util/host-arch.ts'
import { shortPath } from '../../util/paths.ts'
import { bench } from '../measure/bench.ts'
import type { Measurement } from '../measure/measurement.ts'
import { projectKey } from '../measure/project-key.ts'
import { failedStrategies } from '../measure/record.ts'
import { benchRequest } from '../measure/request.ts'
import { readMeasurements } from '../measure/store.ts'
import { runsItself } from '../measure/strategies.ts'
import type { Compared, Comparison } from './compare.ts'
import { compareBuild, sameMachine, sameProject } from './compare.ts'

/**
 * How a finished build compares with the emulated strategy, which is measured first where that is asked for: `always`, or
 * `missing` for the platforms that no recorded baseline fits. The image is out by then, so whatever goes wrong here is a
 * remark and not a failure of the build.
 */
export async function compareFinished(
  report: Report,
  options: Options,
  measure: 'always' | 'missing' | 'never',
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<Compared> {
  const project = projectKey(
    { language: report.project.language as LanguageName, toolchain: report.project.toolchain },
    [...new Set(report.artifacts.map(({ name }) => name))].map(name => ({ name })),
    options,
  )
  const foreign = options.platforms.filter(platform => !runsItself(hostArch(report.host.arch), platform))
  const platforms = foreign.map(({ id }) => id)
  const compare = (measurements: readonly Measurement[]) => ({
    comparisons: compareBuild(project, platforms, report, measurements).map(item =>
      item.baseline ? item : withoutBaseline(item, options),
    ),
    measurements,
    project,
  })
  const warn = (error: Failure) => {
    const text = `not measured against emulation: ${[error.what, error.why].filter(Boolean).join(': ')}`
    emit({ type: 'note', level: 'warning', text })
  }
  let before = compare([])
  try {
    before = compare(await readMeasurements(options.dir))
    const lacking = before.comparisons.flatMap(({ platform, baseline }) => (baseline ? [] : [platform]))
    const tried = lacking.filter(platform => wasTried(before, platform, report.host))
    if (measure === 'missing' && tried.length > 0) {
      const text = `${tried.join(', ')}: measured against emulation less than a day ago, without a time; not tried again`
      emit({ type: 'note', level: 'info', text })
    }
    const missing = lacking.filter(platform => !tried.includes(platform))
    const wanted = { always: platforms, missing, never: [] }[measure]
    if (wanted.length === 0) return before
    // Without a builder there is nothing to compare with.
    const request = { ...benchRequest({ scenario: ['cold'] }, options.bench), needsBuilder: true }
    const only = { ...options, platforms: parsePlatforms(wanted) }
    const made = await bench(only, request, { emit, signal, onMeasurement: () => {} })
    const failure = failedStrategies(made)
    if (failure) warn(failure)
    return { ...compare(await readMeasurements(options.dir)), made }
  } catch (error) {
    if (!isFailure(error) || error.kind === 'interrupted') throw error
    warn(error)
    return before
  }
}

/** What is said of a platform that was not measured: the command that does it, and an estimate unless nobody asks for one. */
function withoutBaseline({ estimate, ...item }: Comparison, options: Options): Comparison {
  const measure = benchWords(options, item.platform)
  return { ...item, measure, ...(estimate && options.bench.estimate && { estimate }) }
}

/**
 * Whether a platform was measured within the last day. Where that gave no baseline (no emulator, no image of the
 * toolchain), the next build need not spend minutes to find the same.
 */
function wasTried({ measurements, project }: Compared, platform: string, host: Report['host']): boolean {
  const day = 24 * 60 * 60 * 1000
  return measurements.some(
    item =>
      sameProject(item.project, project) &&
      sameMachine(item, host) &&
      Date.now() - Date.parse(item.startedAt) < day &&
      item.samples.some(sample => sample.platform === platform),
  )
}

/** The words of the command that measures what a build made, from the folder that it was called in. */
function benchWords({ dir, bins, lang, buildx, toolchainArgs }: Options, platform: string): string[] {
  const { builder } = buildx
  return [
    ...['xbuild', 'bench'],
    ...(dir === process.cwd() ? [] : [shortPath(dir)]),
    ...['--platform', platform],
    ...bins.flatMap(bin => ['--bin', bin]),
    ...(lang === undefined ? [] : ['--lang', lang]),
    ...(builder === undefined ? [] : ['--builder', builder]),
    ...(toolchainArgs.length > 0 ? ['--', ...toolchainArgs] : []),
  ]
}
