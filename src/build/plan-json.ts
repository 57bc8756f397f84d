import { bakeCommand, bakeFile, definition, whyNotBaked } from '../image/buildx/bake-file.ts'
import { imageCommand, imageDockerfile } from '../image/buildx/command.ts'
import { stagedFiles } from '../image/buildx/stage.ts'
import { describeDestination } from '../image/destination.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import type { Executable } from '../languages/language.ts'
import type { Platform } from '../platforms.ts'
import type { BaseChoice, Command, ImageFile, ImageSpec, Step } from '../types.ts'
import { fillTokens, printed, printTokens } from '../util/substitute.ts'
import { artifactPath } from './artifacts.ts'
import type { Backend } from './backend.ts'
import { canBeLocked } from './locked-bases.ts'
import type { Plan } from './plan.ts'
import type { Prepared } from './prepare.ts'

/** The version of the form of `plan --json`. */
export const planVersion = 1

/** What `xbuild plan --json` prints: everything that `xbuild build` does. `{work}` is the run's temporary folder. */
export interface PlanJson {
  readonly schemaVersion: typeof planVersion
  readonly language: string
  readonly dir: string
  readonly toolchain: { readonly name: string; readonly version: string }
  readonly platforms: readonly string[]
  /** What build runs first. A plan runs none of it, so it shows the project as it is without. */
  readonly before: readonly Command[]
  /** Files that are written before the first step, such as compiler wrappers. */
  readonly files: readonly { readonly path: string; readonly text: string; readonly mode: string }[]
  readonly steps: readonly PlannedStep[]
  /** How many of the compile steps run at once. */
  readonly concurrency: number
  readonly images: readonly PlannedImage[]
  /** Absent where each image is made by itself. */
  readonly bake?: PlannedBake
  readonly notes: readonly string[]
}

export interface PlannedStep {
  readonly title: string
  readonly command: Command
  /** Where the command builds a stage that compiles: its Dockerfile, and its .dockerignore. */
  readonly dockerfile?: string
  readonly ignore?: string
  readonly produces: readonly { readonly platform: string; readonly name: string; readonly path: string }[]
}

/** The command that makes all images, and the file that it reads. */
export interface PlannedBake {
  readonly command: Command
  readonly path: string
  readonly text: string
}

export interface PlannedImage {
  readonly name: string
  /** The one that the image runs. */
  readonly executable: ExecutableJson
  /** The other programs in it. */
  readonly others?: readonly ExecutableJson[]
  readonly backend: 'buildx' | 'oci'
  readonly base: BaseChoice
  readonly tags: readonly string[]
  readonly destinations: readonly string[]
  readonly config: ImageSpec['config']
  readonly annotations: readonly string[]
  /** Seconds since 1970. */
  readonly epoch: number
  readonly staged: readonly StagedJson[]
  readonly dockerfile: string
  /** Absent for the in-process backend, which runs no command, and where one `bake` makes all images. */
  readonly command?: Command
}

interface ExecutableJson {
  readonly name: string
  readonly package: string
  readonly predicted?: boolean
}

/** A file of the build context. Those in `files.tar` are the same for all platforms. */
interface StagedJson {
  readonly path: string
  readonly mode: string
  /** UID:GID; absent for root. */
  readonly owner?: string
  /** The file that it is made of, or `link to …`. */
  readonly source: string
}

const notRunYet = 'the steps of [build] before are not run by a plan: the project is shown as it is now'

/** A prepared build as data for printing. Pure. */
export function planJson({ plan, backend, remarks, hints }: Prepared): PlanJson {
  const { project, compile } = plan
  const alone = backend.name === 'buildx' ? whyNotBaked(plan.images, plan.buildx) : undefined
  const bake = backend.name === 'buildx' && alone === undefined
  return {
    schemaVersion: planVersion,
    language: project.language,
    dir: project.root,
    toolchain: project.toolchain,
    platforms: plan.platforms.map(({ id }) => id),
    before: plan.before,
    files: compile.files.map(({ path, text, mode }) => ({ path, text, mode: octal(mode) })),
    steps: [...compile.prepare, ...compile.steps].map(step => plannedStep(step, plan.dist)),
    concurrency: compile.concurrency,
    images: plan.images.map(image => plannedImage(image, backend, plan, bake)),
    ...(bake && { bake: plannedBake(plan) }),
    notes: [
      ...(plan.before.length > 0 ? [notRunYet] : []),
      ...digestNotes(plan, backend),
      ...(alone && plan.images.length > 1
        ? [`each image has a docker buildx build of its own: ${alone}`]
        : []),
      ...remarks,
      ...plan.remarks,
      ...(compile.remarks ?? []),
      ...(compile.warnings ?? []),
      ...hints,
      ...compile.hints,
      ...(backend.name === 'oci' && backend.reason ? [backend.reason] : []),
    ],
  }
}

/** A plan asks no registry, unless under --pin. */
function digestNotes({ images, offline }: Plan, { name }: Backend): string[] {
  if (offline || name !== 'buildx') return []
  const open = images.flatMap(({ spec: { base } }) =>
    canBeLocked(base) && !base.digest ? [base.reference] : [],
  )
  return [...new Set(open)].map(
    reference =>
      `build asks the registry for the digest of ${reference}, for FROM and the annotation base.digest, which --pin shows here`,
  )
}

function plannedStep({ title, command, produces, stage }: Step, dist: string): PlannedStep {
  return {
    title,
    command: printTokens(stage?.command ?? command),
    ...(stage && { dockerfile: stage.dockerfile, ignore: stage.ignore }),
    produces: produces.map(({ platform, name }) => ({
      platform: platform.id,
      name,
      path: artifactPath(dist, { platform, name }),
    })),
  }
}

function plannedBake(plan: Plan): PlannedBake {
  return {
    command: printTokens(bakeCommand(plan)),
    path: fillTokens(definition, printed),
    text: bakeFile(plan.images, plan, () => printed),
  }
}

function plannedImage(image: ImagePlan, backend: Backend, plan: Plan, baked: boolean): PlannedImage {
  const { executables, spec, destinations } = image
  const [executable, ...others] = executables.map(executableJson)
  const { name, base, tags, config, annotations, epoch } = spec
  return {
    name,
    executable: executable as ExecutableJson,
    ...(others.length > 0 && { others }),
    backend: backend.name,
    base,
    tags,
    destinations: destinations.flatMap(describeDestination),
    config,
    annotations,
    epoch,
    staged: stagedFiles(spec).map(({ platform, path, file: { source, mode, owner } }) => ({
      path,
      mode: octal(mode),
      ...(owner !== undefined && { owner }),
      source: stagedSource(source, platform, plan.dist),
    })),
    dockerfile: imageDockerfile(image),
    ...(backend.name === 'buildx' && !baked && { command: printTokens(imageCommand(image, plan)) }),
  }
}

function executableJson({ name, package: path, predicted }: Executable): ExecutableJson {
  return { name, package: path, ...(predicted && { predicted: true }) }
}

function stagedSource(source: ImageFile['source'], platform: Platform | undefined, dist: string): string {
  if ('link' in source) return `link to ${source.link}`
  if ('path' in source) return source.path
  if ('paths' in source) return source.paths[platform?.id ?? ''] ?? ''
  return artifactPath(dist, { platform: platform as Platform, name: source.artifact })
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`
}
