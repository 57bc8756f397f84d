import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readElfFile } from '../../../binary/elf.ts'
import { checkBinary } from '../../../binary/verify.ts'
import { bindStep } from '../../../build/run-step.ts'
import { Failure, isFailure } from '../../../errors.ts'
import { explainBuildxError } from '../../../image/buildx/errors.ts'
import type { ProgressReader } from '../../../image/buildx/progress.ts'
import { runWithProgress } from '../../../image/buildx/run.ts'
import { languages } from '../../../languages/index.ts'
import { type Platform, platformFolder } from '../../../platforms.ts'
import type { RunResult } from '../../../process.ts'
import type { Command, Step } from '../../../types.ts'
import { hashFile } from '../../../util/hash-file.ts'
import { stageFolders } from '../../languages/bench-language.ts'
import { compileAlone, type ReadyStrategy, type RunRequest, type Strategy, type Subject } from '../job.ts'
import type { Outcome } from '../measurement.ts'
import { cutOff, withTimeLimit } from '../time-limit.ts'
import { builderCommand } from './command.ts'
import { renderBenchDockerfile } from './dockerfile.ts'
import { describeFailure, type Ended, explainEnd } from './explain-end.ts'
import { findStageToolchain, type StageToolchain } from './toolchain.ts'

type BuilderStrategy = Exclude<Strategy['name'], 'native'>

/** What one platform's builds on one path have in common. */
interface Stage {
  readonly path: BuilderStrategy
  readonly subject: Subject
  readonly platform: Platform
  readonly toolchain: StageToolchain
  /** As a native build would run it. */
  readonly step: Step
  readonly command: ReturnType<typeof builderCommand>
  readonly gather: readonly string[]
  readonly log: string
}

/**
 * Makes the toolchain stage of a Dockerfile path, so that nothing of it is measured.
 * @returns how it ended, where the builder failed to make it: an emulated one may crash here already.
 * @throws {Failure} tool, when there is no toolchain for the builder.
 */
export async function prepareStage(
  path: BuilderStrategy,
  subject: Subject,
  platform: Platform,
  toolchainPlatform: Platform,
  signal: AbortSignal,
  onProgress: (detail: string) => void,
): Promise<ReadyStrategy | Ended> {
  const [step] = compileAlone(subject, platform).steps
  if (!step) throw new Error(`nothing to compile for ${platform.id}`)
  const toolchain = await findStageToolchain(subject, toolchainPlatform, step.command, signal)
  const { program } = toolchain
  const command = builderCommand(step.command, subject, { ownC: path === 'emulated', program })
  const names = step.produces.map(({ name }) => name)
  const gather = subject.language.gather?.(step.command, platform, names) ?? []
  const log = join(subject.options.dist, 'logs', 'bench', path, `${platformFolder(platform)}.log`)
  const stage: Stage = { path, subject, platform, toolchain, step, command, gather, log }
  await mkdir(join(log, '..'), { recursive: true })
  await rm(log, { force: true })
  const build = await buildStage(stage, 'none', ['--target', 'toolchain', '--output', 'type=cacheonly'], {
    signal,
    onProgress,
  })
  if (!build.result.ok) return explainEnd(path, build.progress.log(), describeFailure(build.failure()))
  return { toolchain: toolchain.name, run: request => measure(stage, request) }
}

async function measure(stage: Stage, request: RunRequest): Promise<Outcome> {
  const { path, subject } = stage
  const out = await mkdtemp(join(subject.folder, `${path}-`))
  const flags = [
    ...(request.scenario === 'cold' ? ['--no-cache-filter', 'builder'] : []),
    ...['--output', `type=local,dest=${out}`],
  ]
  try {
    const build = await withTimeLimit(request.limit, request.signal, signal =>
      buildStage(stage, request.caches, flags, { ...request, signal }),
    )
    if (build === cutOff) return { kind: 'cut-off', limit: request.limit as number }
    const { result, progress } = build
    if (!result.ok) {
      const failure = build.failure()
      return explainEnd(path, progress.log(), `${failure.what}: ${failure.why ?? ''}`.trim())
    }
    return {
      kind: 'measured',
      compile: compileSeconds(progress),
      whole: result.seconds,
      sha256: await readBinaries(out, result, stage),
    }
  } catch (error) {
    // Another binary than the one to be measured is no measurement, and no reason to end the others.
    if (!isFailure(error, 'verification') && !isFailure(error, 'project')) throw error
    return { kind: 'failed', detail: `${error.what}: ${error.why}` }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

async function buildStage(
  stage: Stage,
  caches: string,
  flags: readonly string[],
  { signal, onProgress }: Pick<RunRequest, 'signal' | 'onProgress'>,
): Promise<{ result: RunResult; progress: ProgressReader; failure: () => Failure }> {
  const { path, subject, platform, toolchain, command, gather, log } = stage
  const { staged, folder, builder, project } = subject
  const dockerfile = renderBenchDockerfile(`${templateFolders[path]}/${project.language}.Dockerfile`, {
    image: toolchain.image,
    setup: toolchain.setup,
    env: { ...toolchain.env, ...command.env },
    cache: caches,
    compile: command.words,
    gather,
    workdir: join(stageFolders.source, relative(staged.top, staged.root)),
  })
  const file = join(folder, `${path}-${platformFolder(platform)}.Dockerfile`)
  await writeFile(file, dockerfile)
  const build: Command = {
    tool: 'docker',
    args: [
      'buildx',
      'build',
      ...(builder?.name === undefined ? [] : ['--builder', builder.name]),
      '--progress=rawjson',
      ...['--platform', platform.id],
      ...['--file', file],
      ...['--build-context', `seed=${staged.seed}`],
      ...(toolchain.files === undefined ? [] : ['--build-context', `files=${toolchain.files}`]),
      ...flags,
      staged.top,
    ],
    cwd: staged.top,
    env: { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' },
  }
  const { result, progress } = await runWithProgress(build, {
    signal,
    logFile: log,
    // The mounts come first in it, and what is compiled far behind.
    onProgress: detail => onProgress(detail.replace(/RUN --mount=.*/, 'compile')),
  })
  const failure = () =>
    explainBuildxError({
      said: progress.plain(),
      dockerfile,
      vertices: progress.vertexTimes(),
      logFile: log,
    })
  return { result, progress, failure }
}

const templateFolders = { 'dockerfile-cross': 'cross', emulated: 'emulated' } as const

/** BuildKit's own time for the RUN that compiles, which alone has the caches; 0 where its result was still there. */
function compileSeconds(progress: ProgressReader): number {
  const mount = `target=${stageFolders.caches}`
  return (
    progress.vertexTimes().find(({ name }) => name.startsWith('RUN ') && name.includes(mount))?.seconds ?? 0
  )
}

/**
 * The programs that a build has exported, by name. They are found as a native build finds its own, so that whatever
 * else was installed with them is left alone.
 * @throws {Failure} verification, when one is missing or for another platform; project, when there are others.
 */
async function readBinaries(
  out: string,
  result: RunResult,
  { subject, platform, step, gather }: Stage,
): Promise<Record<string, string>> {
  const { collect } = languages[subject.project.language]
  const binaries =
    gather.length > 0
      ? step.produces.map(({ name }) => ({ name, path: join(out, name) }))
      : await collect(bindStep(step, out), result)
  const found: Record<string, string> = {}
  for (const { name, path } of binaries) {
    checkBinary(readElfFile(path), platform, name)
    found[name] = await hashFile(path)
  }
  const missing = step.produces.find(({ name }) => !(name in found))
  if (!missing) return found
  throw new Failure({
    kind: 'verification',
    what: `The build left no ${missing.name}`,
    why: `${stageFolders.out} has ${Object.keys(found).join(', ') || 'no program'}`,
  })
}
