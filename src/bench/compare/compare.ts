import type { Report } from '../../build/report.ts'
import type { LanguageName } from '../../languages/options.ts'
import type { Emulator, MeasuredProject, Measurement } from '../measure/measurement.ts'
import { type Ratio, type Result, ratioOf, resultsOf } from '../measure/results.ts'
import { publishedPlatform, publishedRatios } from './published.ts'

/** The report of a build with what it was compared with: the JSON of --report and --json. */
export interface ComparedReport extends Report {
  /** For each platform that is foreign to the host; absent where the comparison failed. */
  readonly comparison?: readonly Comparison[]
}

/** How a build compares with the emulated strategy, for one platform that is foreign to this machine. */
export interface Comparison {
  readonly platform: string
  /** Seconds that this build took to compile it, in whatever state the caches were. */
  readonly took: number
  /** Seconds from source to binary with cold caches, and whether this very build was such a one. */
  readonly native?: { readonly seconds: number; readonly from: 'this build' | 'recorded' }
  /** The recorded emulated build of the same project, toolchain and platform. */
  readonly baseline?: Baseline
  /** Cold emulated ÷ cold native. */
  readonly ratio?: Ratio
  /** Where nothing was recorded and the build is like them: what the published runs of the language showed, as times native. */
  readonly estimate?: { readonly language: LanguageName; readonly low: number; readonly high: number }
  /** Where nothing was recorded: the words of the command that measures it. */
  readonly measure?: readonly string[]
}

/** What a finished build is compared with. */
export interface Compared {
  readonly comparisons: readonly Comparison[]
  readonly measurements: readonly Measurement[]
  readonly project: MeasuredProject
  /** What was measured for this build; one of `measurements`. */
  readonly made?: Measurement
}

/** A recorded emulated build with cold caches. */
export interface Baseline {
  /** RFC 3339. */
  readonly at: string
  readonly revision?: string
  readonly emulator?: Emulator
  /** Median seconds, or how it ended. */
  readonly seconds?: number
  readonly ended?: Result['ended']
  /** Whether it was measured on a machine like this one. */
  readonly sameMachine: boolean
}

/** What a build did, as far as a comparison asks. */
export type BuiltPlatforms = Pick<Report, 'artifacts' | 'seconds' | 'host' | 'warm'>

/** A build so much quicker than the recorded cold one, as a part of it, found something in a cache. */
const coldShare = 0.7

/**
 * Compares each foreign platform of a build with what was recorded: cold with cold, and nothing with a baseline of
 * another project, toolchain or platform. Pure.
 */
export function compareBuild(
  project: MeasuredProject,
  platforms: readonly string[],
  built: BuiltPlatforms,
  measurements: readonly Measurement[],
): Comparison[] {
  const comparable = measurements.filter(item => sameProject(item.project, project))
  return platforms.map(platform => {
    const artifacts = built.artifacts.filter(artifact => artifact.platform === platform)
    const took = Math.max(0, ...artifacts.map(({ seconds }) => seconds))
    const found = findBaseline(comparable, platform)
    if (!found) {
      const native = nativeOf(built, artifacts, recordedNative(comparable, built, platform))
      const estimate = estimateOf(project.language, platform, { warm: built.warm, artifacts })
      return { platform, took, ...(native && { native }), ...(estimate && { estimate }) }
    }
    const { measurement, emulated } = found
    const baseline: Baseline = {
      at: measurement.startedAt,
      ...(measurement.source.revision && { revision: measurement.source.revision }),
      ...(measurement.emulators[platform] && { emulator: measurement.emulators[platform] }),
      ...(emulated.whole ? { seconds: emulated.whole.median } : { ended: emulated.ended }),
      sameMachine: sameMachine(measurement, built.host),
    }
    const recorded = nativeSeconds(measurement, platform) ?? recordedNative(comparable, measurement, platform)
    const native = nativeOf(built, baseline.sameMachine ? artifacts : [], recorded)
    const ratio = native && ratioOf(emulated, native.seconds)
    return { platform, took, baseline, ...(native && { native }), ...(ratio && { ratio }) }
  })
}

/** The published runs are of cold builds for one platform: they tell nothing of other builds. */
function estimateOf(
  language: LanguageName,
  platform: string,
  { warm, artifacts }: Pick<BuiltPlatforms, 'warm' | 'artifacts'>,
): Comparison['estimate'] {
  const range = publishedRatios[language]
  const isLike = platform === publishedPlatform && !warm && !artifacts.some(({ cached }) => cached)
  return range && isLike ? { language, low: range[0], high: range[1] } : undefined
}

/** Whether two measurements compiled the same thing with the same toolchain. */
export function sameProject(a: MeasuredProject, b: MeasuredProject): boolean {
  const key = ({ language, executables, toolchain, settings }: MeasuredProject) =>
    JSON.stringify([language, executables, toolchain.name, toolchain.version, settings])
  return key(a) === key(b)
}

/** Whether times of the two are comparable: as many of the same processor. */
export function sameMachine({ host }: Pick<Measurement, 'host'>, other: Measurement['host']): boolean {
  return (
    host.cpu === other.cpu && host.cpus === other.cpus && host.arch === other.arch && host.os === other.os
  )
}

/** Median seconds of the cold native builds of a platform; undefined where none was measured. */
export function nativeSeconds({ samples }: Measurement, platform: string): number | undefined {
  return coldResult({ samples }, platform, 'native')?.whole?.median
}

function coldResult(
  { samples }: Pick<Measurement, 'samples'>,
  platform: string,
  strategy: 'native' | 'emulated',
): Result | undefined {
  return resultsOf(samples).find(
    result => result.platform === platform && result.strategy === strategy && result.scenario === 'cold',
  )
}

/** The newest emulated build that says something: a failure for other reasons is none. */
function findBaseline(
  measurements: readonly Measurement[],
  platform: string,
): { measurement: Measurement; emulated: Result } | undefined {
  const newestFirst = [...measurements].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
  for (const measurement of newestFirst) {
    const emulated = coldResult(measurement, platform, 'emulated')
    if (emulated && (emulated.whole || emulated.ended?.kind !== 'failed')) return { measurement, emulated }
  }
  return undefined
}

/** Of the newest measurement on such a machine that has one. */
function recordedNative(
  measurements: readonly Measurement[],
  { host }: Pick<Measurement, 'host'>,
  platform: string,
): number | undefined {
  return measurements
    .filter(item => sameMachine(item, host))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    .map(item => nativeSeconds(item, platform))
    .findLast(seconds => seconds !== undefined)
}

/** Cold native seconds: this build's, where it was a cold one, else the recorded ones. */
function nativeOf(
  built: BuiltPlatforms,
  artifacts: BuiltPlatforms['artifacts'],
  recorded: number | undefined,
): Comparison['native'] {
  const own = coldSeconds(built, artifacts, recorded)
  if (own !== undefined) return { seconds: own, from: 'this build' }
  return recorded === undefined ? undefined : { seconds: recorded, from: 'recorded' }
}

/**
 * What this build took from source to binary, if it was a cold one that compiled platform after platform; else
 * undefined. A build that the caches helped cannot be told from its own times alone: the recorded one must say so.
 */
function coldSeconds(
  { artifacts: all, seconds }: BuiltPlatforms,
  artifacts: BuiltPlatforms['artifacts'],
  recorded: number | undefined,
): number | undefined {
  if (recorded === undefined || artifacts.length === 0 || artifacts.some(({ cached }) => cached))
    return undefined
  const perPlatform = new Map(all.map(artifact => [artifact.platform, artifact.seconds]))
  const sum = [...perPlatform.values()].reduce((total, each) => total + each, 0)
  if (sum > seconds.compile * 1.05) return undefined
  const took = seconds.inspect + Math.max(...artifacts.map(artifact => artifact.seconds)) + seconds.verify
  return took >= recorded * coldShare ? took : undefined
}
