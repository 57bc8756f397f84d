import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BuildxOptions } from '../../config/options.ts'
import { Failure } from '../../errors.ts'
import { type RunResult, run } from '../../process.ts'
import type { Command, ImageSpec } from '../../types.ts'
import { csvField } from '../../util/csv-field.ts'
import { redact } from '../../util/redact.ts'
import { tokens } from '../../util/substitute.ts'
import { type Destination, withoutTag } from '../destination.ts'
import { ownAnnotations } from '../own-annotations.ts'
import { cacheValues } from './cache.ts'
import { flagLabels } from './dockerfile.ts'
import { explainBuildxError } from './errors.ts'
import { type ProgressReader, readProgress, type VertexTime } from './progress.ts'

/** What a build needs besides its spec. */
export interface BuildxRequest {
  /** The folder of this image inside the run's temporary folder: Dockerfile, context, metadata and outputs are in it. */
  readonly folder: string
  readonly destinations: readonly Destination[]
  readonly options: BuildxOptions
  /** The folder that buildx runs in: relative paths in -o and --cache-to are meant from it. */
  readonly cwd: string
}

/** The files of an image's folder, by what they are. */
export function buildxFiles(folder: string) {
  return {
    dockerfile: `${folder}/Dockerfile`,
    /** Where the context is staged, and what it is called once its content is known. */
    staging: `${folder}/context`,
    context: (content: string) => `${folder}/context-${content}`,
    metadata: `${folder}/metadata.json`,
    /** Where the output of the destination with this number is written before it gets its name. */
    output: (index: number) => `${folder}/output-${index}`,
  }
}

/**
 * The command that makes an image of a staged context. Pure. Its last argument, the context, has the token for what
 * `stageContext` returns.
 */
export function buildxCommand(
  spec: ImageSpec,
  { folder, destinations, options, cwd }: BuildxRequest,
): Command {
  const files = buildxFiles(folder)
  const caches = cacheValues(spec, destinations, options)
  const each = (flag: string, values: readonly string[]) => values.flatMap(value => [flag, value])
  const maybe = (flag: string, value: string | undefined) => (value === undefined ? [] : [`${flag}=${value}`])
  return {
    tool: 'docker',
    args: [
      'buildx',
      'build',
      ...each('--builder', options.builder === undefined ? [] : [options.builder]),
      '--progress=rawjson',
      ...each('--platform', [spec.platforms.map(({ id }) => id).join(',')]),
      ...each('--tag', isWithoutTag(destinations) ? [] : spec.tags),
      ...each(
        '--label',
        flagLabels(spec).map(([name, value]) => `${name}=${value}`),
      ),
      ...each('--annotation', [...annotations(spec, destinations), ...spec.annotations]),
      ...outputFlags(destinations, files.output, spec.tags),
      ...each('--cache-from', caches.from),
      ...each('--cache-to', caches.to),
      // Asked for or not, it is said: buildx's own default is an attestation that holds the time of the build.
      `--provenance=${options.provenance ?? 'false'}`,
      ...maybe('--sbom', options.sbom),
      ...each('--metadata-file', [files.metadata]),
      ...each('--file', [files.dockerfile]),
      files.context(tokens.content),
    ],
    cwd,
    env: { SOURCE_DATE_EPOCH: String(spec.epoch) },
  }
}

/** Our own annotations, for outputs that are images; an image of one platform has no index to be annotated. */
function annotations({ base, epoch, platforms }: ImageSpec, destinations: readonly Destination[]): string[] {
  if (destinations.some(({ type }) => type === 'buildx' || type === 'docker-archive')) return []
  const places = platforms.length > 1 ? 'manifest,index' : 'manifest'
  return Object.entries(ownAnnotations(base, epoch)).map(([key, value]) => `${places}:${key}=${value}`)
}

/** --push and --load are written out for their media types: without attestations BuildKit falls back to Docker's. */
function outputFlags(
  destinations: readonly Destination[],
  path: (index: number) => string,
  tags: readonly string[],
): string[] {
  // buildx gives the names of --tag to every output, and BuildKit pushes none by digest that has a tag.
  const names = isWithoutTag(destinations) && tags.length > 0 ? `,${csvField(`name=${tags.join(',')}`)}` : ''
  return destinations.flatMap((destination, index) => [
    '--output',
    outputValue(destination, path(index), names),
  ])
}

const isWithoutTag = (destinations: readonly Destination[]) =>
  destinations.some(one => one.type === 'push' && (one.byDigest || one.tagsLast !== undefined))

function outputValue(destination: Destination, path: string, names: string): string {
  switch (destination.type) {
    case 'push': {
      if (destination.tagsLast === 'layout') return layoutValue(path)
      if (!destination.byDigest && !destination.tagsLast) return 'type=image,push=true,oci-mediatypes=true'
      const repositories = [...new Set(destination.references.map(withoutTag))].join(',')
      return `type=image,${csvField(`name=${repositories}`)},push-by-digest=true,name-canonical=true,push=true,oci-mediatypes=true`
    }
    case 'load':
      return `type=docker,oci-mediatypes=true${names}`
    case 'archive':
      return `type=oci,${csvField(`dest=${path}`)},oci-mediatypes=true${names}`
    case 'layout':
      return `${layoutValue(path)}${names}`
    case 'docker-archive':
      return `type=docker,${csvField(`dest=${path}`)}${names}`
    case 'buildx':
      return destination.value
  }
}

const layoutValue = (path: string) => `type=oci,${csvField(`dest=${path}`)},tar=false,oci-mediatypes=true`

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
}

/**
 * With the engine's own builder, --push and --load both give the image its name in the engine, at the same time: the
 * second finds that it exists and gives up. It is updated when it is tried again.
 */
const namingRace = /^ERROR: .*\bimage "[^"]*": already exists$/m
const attempts = 3

/**
 * Runs a command of `buildxCommand`, or any `docker buildx build` with --progress=rawjson, --file and --metadata-file.
 * @throws {Failure} image or registry, explained; tool, when docker is missing; interrupted.
 */
export async function runBuildx(command: Command, options: RunBuildxOptions = {}): Promise<BuildxResult> {
  const { logFile } = options
  let { result, progress } = await runWithProgress(command, options)
  for (let tried = 1; !result.ok && tried < attempts && namingRace.test(progress.plain()); tried++) {
    ;({ result, progress } = await runWithProgress(command, options))
  }
  const vertices = progress.vertexTimes()
  if (!result.ok) {
    const dockerfile = await readFile(argument(command, '--file'), 'utf8').catch(() => '')
    const ended = result.signal === undefined ? '' : `\ndocker was ended by ${result.signal}`
    const builder = command.args.includes('--builder') ? argument(command, '--builder') : undefined
    throw explainBuildxError({ said: progress.plain() + ended, dockerfile, vertices, logFile, builder })
  }
  const metadata = await readMetadata(argument(command, '--metadata-file'))
  const digest = metadata['containerimage.digest']
  return {
    ...(typeof digest === 'string' && { digest }),
    metadata,
    vertices,
    seconds: result.seconds,
  }
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

/** A log that cannot be written must not fail the build. */
async function writeLog(path: string | undefined, text: string): Promise<void> {
  if (path === undefined) return
  await mkdir(dirname(path), { recursive: true })
    .then(() => appendFile(path, redact(text)))
    .catch(() => {})
}

function argument({ args }: Command, flag: string): string {
  return args[args.indexOf(flag) + 1] ?? ''
}

async function readMetadata(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  } catch (error) {
    throw new Failure({
      kind: 'image',
      what: 'docker buildx build succeeded but wrote no metadata',
      where: path,
      why: (error as Error).message,
      fix: 'run it again; docker buildx version shows which buildx this is',
      cause: error,
    })
  }
}
