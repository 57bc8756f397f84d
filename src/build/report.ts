import { availableParallelism, cpus } from 'node:os'
import type { ElfFacts } from '../binary/elf.ts'
import { platformFolder } from '../platforms.ts'
import type { Artifact, BaseChoice, Command, Emit, SourceInfo } from '../types.ts'
import { version } from '../version.ts'
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
  readonly artifacts: readonly ReportedArtifact[]
  readonly images: readonly ReportedImage[]
  readonly seconds: StageSeconds
  readonly commands: readonly RanCommand[]
  readonly notes: readonly string[]
}

/** Wall-clock seconds of each stage. */
export interface StageSeconds {
  inspect: number
  compile: number
  verify: number
  image: number
  readBack: number
  total: number
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

/** An image that was made. */
export interface ReportedImage {
  readonly name: string
  readonly backend: 'buildx' | 'oci'
  readonly base: BaseChoice & { readonly digest?: string }
  readonly tags: readonly string[]
  /** Where it went: references, paths. */
  readonly destinations: readonly string[]
  /** Digest of the image index; absent for an output of buildx that is no image. */
  readonly digest?: string
  readonly platforms: readonly { readonly platform: string; readonly digest: string }[]
  /** What read it back and found every platform and binary right; absent where nothing could be read back. */
  readonly verified?: string
  readonly compressor?: string
}

/** A command that was run, as `plan` prints it. */
export interface RanCommand extends Command {
  readonly title: string
}

/** Collects what goes into a report while a build runs. */
export interface Recorder {
  readonly seconds: StageSeconds
  readonly commands: RanCommand[]
  readonly notes: string[]
  readonly emit: Emit
  /** Runs a stage and records its seconds. */
  stage<T>(name: Exclude<keyof StageSeconds, 'total'>, work: () => Promise<T>): Promise<T>
}

/** A recorder that hands each event on to `emit`. */
export function createRecorder(emit: Emit): Recorder {
  const seconds: StageSeconds = { inspect: 0, compile: 0, verify: 0, image: 0, readBack: 0, total: 0 }
  const notes: string[] = []
  return {
    seconds,
    commands: [],
    notes,
    emit: event => {
      if (event.type === 'note') notes.push(event.text)
      emit(event)
    },
    stage: async (name, work) => {
      const started = performance.now()
      try {
        return await work()
      } finally {
        seconds[name] += (performance.now() - started) / 1000
      }
    },
  }
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
    artifacts: artifacts.map(artifact => ({ ...artifact, platform: artifact.platform.id })),
    images,
    seconds: roundSeconds(recorder.seconds),
    commands: recorder.commands,
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

/** Where a platform's binary is kept. */
export function keptPath(dist: string, artifact: Pick<Artifact, 'platform' | 'name'>): string {
  return `${dist}/${platformFolder(artifact.platform)}/${artifact.name}`
}
