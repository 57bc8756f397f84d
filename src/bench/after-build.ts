import type { Options } from '../config/options.ts'
import { type Failure, isFailure } from '../errors.ts'
import { parsePlatforms } from '../platforms.ts'
import type { Report } from '../report.ts'
import type { Emit, LanguageName } from '../types.ts'
import { shortPath } from '../ui/paths.ts'
import { hostArch } from '../util/host-arch.ts'
import { bench } from './bench.ts'
import { type Comparison, compareBuild } from './compare.ts'
import type { MeasuredProject, Measurement } from './measurement.ts'
import { runsItself } from './paths.ts'
import { projectKey } from './project-key.ts'
import { failedPaths } from './record.ts'
import { benchRequest } from './request.ts'
import { readMeasurements } from './store.ts'

/** What a finished build is compared with. */
export interface Compared {
  readonly comparisons: readonly Comparison[]
  readonly measurements: readonly Measurement[]
  readonly project: MeasuredProject
  /** What was measured for this build; one of `measurements`. */
  readonly made?: Measurement
}

/**
 * How a finished build stands against the emulated path. Measures that path first where it is asked for: `always`, or
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
      item.baseline ? item : { ...item, measure: benchWords(options, item.platform) },
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
    const wanted = before.comparisons
      .filter(({ baseline }) => measure === 'always' || (measure === 'missing' && !baseline))
      .map(({ platform }) => platform)
    if (wanted.length === 0) return before
    const request = benchRequest({ row: ['cold'] }, options.bench)
    const only = { ...options, platforms: parsePlatforms(wanted) }
    const made = await bench(only, request, { emit, signal, onMeasurement: () => {} })
    const failure = failedPaths(made)
    if (failure) warn(failure)
    return { ...compare(await readMeasurements(options.dir)), made }
  } catch (error) {
    if (!isFailure(error) || error.kind === 'interrupted') throw error
    warn(error)
    return before
  }
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
