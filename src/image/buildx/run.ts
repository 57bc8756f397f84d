import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../../errors.ts'
import { type RunResult, run } from '../../process.ts'
import type { Command } from '../../types.ts'
import { redact } from '../../util/redact.ts'
import { explainBuildxError } from './errors.ts'
import { type ProgressReader, readProgress, type VertexTime } from './progress.ts'

/** How a build is run. */
export interface RunBuildxOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with a few words whenever what is going on has changed. */
  readonly onProgress?: ((detail: string) => void) | undefined
  /** Receives steps, output and errors as text, at the end. */
  readonly logFile?: string | undefined
  /** Receives what the commands of RUN print, in pieces that may end within a line. */
  readonly onOutput?: ((data: Uint8Array) => void) | undefined
}

/** What a build gave. */
export interface BuildxResult {
  /** Of the image's index, or of its manifest where it is one platform's alone; absent for outputs that are no image. */
  readonly digest?: string
  /** The content of --metadata-file. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly vertices: readonly VertexTime[]
  readonly seconds: number
  /** An earlier build made it, and its registries have it. */
  readonly isPushed?: boolean
}

/**
 * With the engine's own builder, --push and --load both give the image its name in the engine, at the same time: the
 * second finds that it exists and gives up. It is updated when it is tried again.
 */
const namingRace = /^ERROR: .*\bimage "[^"]*": already exists$/m
const attempts = 3

/** Runs docker once, and again as long as names were in the way of each other. */
export async function untilNamed<T extends { readonly result: RunResult; readonly said: string }>(
  once: () => Promise<T>,
): Promise<T> {
  let ran = await once()
  for (let tried = 1; !ran.result.ok && tried < attempts && namingRace.test(ran.said); tried++)
    ran = await once()
  return ran
}

/**
 * Runs a command of `buildxCommand`, or any `docker buildx build` with --progress=rawjson, --file and --metadata-file.
 * @throws {Failure} image or registry, explained; tool, when docker is missing; interrupted.
 */
export async function runBuildx(command: Command, options: RunBuildxOptions = {}): Promise<BuildxResult> {
  const { logFile } = options
  const { result, progress, said } = await untilNamed(async () => {
    const ran = await runWithProgress(command, options)
    return { ...ran, said: ran.progress.plain() }
  })
  const vertices = progress.vertexTimes()
  if (!result.ok) {
    const dockerfile = await readFile(argument(command, '--file'), 'utf8').catch(() => '')
    const builder = builderOf(command)
    throw explainBuildxError({ said: said + howEnded(result), dockerfile, vertices, logFile, builder })
  }
  const metadata = await readMetadata(argument(command, '--metadata-file'))
  return resultOf(metadata, vertices, result.seconds)
}

/** What a build gave, by its metadata. */
export function resultOf(
  metadata: Readonly<Record<string, unknown>>,
  vertices: readonly VertexTime[],
  seconds: number,
): BuildxResult {
  const digest = metadata['containerimage.digest']
  return { ...(typeof digest === 'string' && { digest }), metadata, vertices, seconds }
}

/** The builder that a command names. */
export function builderOf(command: Command): string | undefined {
  return command.args.includes('--builder') ? argument(command, '--builder') : undefined
}

/** A line about a docker that did not end by itself. */
export function howEnded({ signal }: RunResult): string {
  return signal === undefined ? '' : `\ndocker was ended by ${signal}`
}

/**
 * Runs `docker buildx` once with --progress=rawjson: reads its progress on the way, and appends it to the log at the end.
 * @throws {Failure} tool, when docker is missing; interrupted.
 */
export async function runWithProgress(
  command: Command,
  { signal, onProgress, logFile, onOutput }: RunBuildxOptions,
): Promise<{ readonly result: RunResult; readonly progress: ProgressReader }> {
  const progress = readProgress(onOutput)
  const result = await run(command, {
    signal,
    onStderr: line => {
      const detail = progress.line(line)
      if (detail !== undefined) onProgress?.(detail)
    },
  }).finally(() => writeLog(logFile, progress.log()))
  return { result, progress }
}

/** Appends to a log; one that cannot be written must not fail the build. */
export async function writeLog(path: string | undefined, text: string): Promise<void> {
  if (path === undefined) return
  await mkdir(dirname(path), { recursive: true })
    .then(() => appendFile(path, redact(text)))
    .catch(() => {})
}

export function argument({ args }: Command, flag: string): string {
  return args[args.indexOf(flag) + 1] ?? ''
}

/** @throws {Failure} image, when buildx wrote none. */
export async function readMetadata(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  } catch (error) {
    throw new Failure({
      kind: 'image',
      what: 'docker buildx succeeded but wrote no metadata',
      where: path,
      why: (error as Error).message,
      fix: 'run it again; docker buildx version shows which buildx this is',
      cause: error,
    })
  }
}
