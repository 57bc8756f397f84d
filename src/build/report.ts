import { availableParallelism, cpus } from 'node:os'
import type { ElfFacts } from '../binary/elf.ts'
import type { ReportedImage } from '../image/make-context.ts'
import type { CompileCacheUse, RanCommand, Recorder, StageSeconds } from '../recorder.ts'
import type { Artifact, SourceInfo } from '../types.ts'
import { printTokens } from '../util/substitute.ts'
import { version } from '../version.ts'
import { titleOf } from './before.ts'
import type { Plan } from './plan.ts'

/** The version of the report's form. Fields are added without raising it; a changed or removed one raises it. */
export const reportVersion = 1

/** What a build did: the JSON of --report and --json. Times are seconds, sizes bytes. */
export interface Report {
  readonly schemaVersion: typeof reportVersion
  readonly xbuild: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly host: {
    readonly os: string
    readonly arch: string
    readonly cpus: number
    readonly cpu: string
    readonly node: string
  }
  readonly project: {
    readonly language: string
    readonly dir: string
    readonly toolchain: { readonly name: string; readonly version: string }
  }
  readonly source: SourceInfo
  readonly platforms: readonly string[]
  /** Whether this checkout was built before by the same toolchain, so that its caches helped. */
  readonly warm: boolean
  readonly artifacts: readonly ReportedArtifact[]
  readonly images: readonly ReportedImage[]
  /** What sccache or Go's cache program was asked for and had; absent where none was asked. */
  readonly compileCache?: CompileCacheUse
  readonly seconds: StageSeconds
  readonly commands: readonly RanCommand[]
  readonly notes: readonly string[]
}

/** A binary that was built. */
export interface ReportedArtifact {
  readonly name: string
  readonly platform: string
  readonly path: string
  readonly sha256: string
  readonly size: number
  readonly seconds: number
  readonly cached: boolean
  readonly elf: ElfFacts
}

/** The report of a finished build. */
export function makeReport(
  plan: Plan,
  artifacts: readonly Artifact[],
  images: readonly ReportedImage[],
  recorder: Recorder,
  startedAt: Date,
): Report {
  return {
    schemaVersion: reportVersion,
    xbuild: version,
    startedAt: startedAt.toISOString(),
    host: describeHost(),
    project: { language: plan.project.language, dir: plan.project.root, toolchain: plan.project.toolchain },
    source: plan.source,
    platforms: plan.platforms.map(platform => platform.id),
    warm: plan.warm,
    artifacts: artifacts.map(artifact => ({ ...artifact, platform: artifact.platform.id })),
    images,
    ...(recorder.compileCache && { compileCache: recorder.compileCache }),
    seconds: roundSeconds({ ...recorder.seconds, total: (Date.now() - startedAt.getTime()) / 1000 }),
    commands: [
      // Run before there was a project to record for.
      ...plan.before.map(command => ({ title: titleOf(command), ...command })),
      ...recorder.commands.map(printTokens),
    ],
    notes: recorder.notes,
  }
}

/** The machine that a measurement was made on. */
export function describeHost(): Report['host'] {
  return {
    os: process.platform,
    arch: process.arch,
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.versions.node,
  }
}

function roundSeconds(seconds: StageSeconds): StageSeconds {
  return Object.fromEntries(
    Object.entries(seconds).map(([name, value]) => [name, Math.round(value * 1000) / 1000]),
  ) as unknown as StageSeconds
}
