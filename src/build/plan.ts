import { join } from 'node:path'
import { checkBasePlatforms, predictBase } from '../base/choose.ts'
import { knownBase } from '../base/known.ts'
import { isLocalBase } from '../base/local.ts'
import type { ImageOptions } from '../config/image-options.ts'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import { checkDistinctPlaces, checkTag, type Destination, planDestinations } from '../image/destination.ts'
import { checkImagePath } from '../image/paths.ts'
import { chooseExecutables } from '../languages/choose.ts'
import { languages } from '../languages/index.ts'
import type { CompilePlan, Executable, Project } from '../languages/language.ts'
import { parseReference } from '../oci/reference.ts'
import type { Platform } from '../platforms.ts'
import type { BaseChoice, ImageConfig, ImageFile, ImageSpec, SourceInfo } from '../types.ts'
import { closestMatch } from '../util/closest-match.ts'

/** What a build will do, before it does it. `xbuild plan` prints it and `xbuild build` runs it. */
export interface Plan {
  readonly project: Project
  readonly source: SourceInfo
  readonly platforms: readonly Platform[]
  readonly compile: CompilePlan
  readonly images: readonly ImagePlan[]
  /** The folder that keeps the binaries and, where no other place is named, the images. */
  readonly dist: string
}

/** One image of a plan. */
export interface ImagePlan {
  readonly executable: Executable
  readonly spec: ImageSpec
  readonly options: ImageOptions
  readonly destinations: readonly Destination[]
}

/** What planning needs to know of the world; read beforehand, so that planning itself is pure. */
export interface PlanFacts {
  readonly project: Project
  readonly source: SourceInfo
  /** Whether this machine has built the project before with the same toolchain. */
  readonly warm: boolean
}

/**
 * Plans a build: which executables, how they are compiled, which images they become and where those go. Pure.
 * @throws {Failure} project or usage, when what is asked for cannot be done; nothing has been compiled by then.
 */
export function planBuild(facts: PlanFacts, options: Options): Plan {
  const { project, source } = facts
  const wanted = wantedImages(project, options)
  const executables = [...new Set(wanted.map(image => image.executable))]
  checkDistinct(executables)
  const compile = languages[project.language].compile(project, {
    platforms: options.platforms,
    executables,
    options: options.language,
    toolchainArgs: options.toolchainArgs,
    source,
    jobs: options.jobs,
    warm: facts.warm,
  })
  const images = wanted.map(({ name, executable, image }): ImagePlan => {
    const base = image.base
      ? chosenBase(image.base)
      : predictBase(compile.prediction, { registry: image.registry })
    checkBasePlatforms(base.reference, options.platforms)
    return planImage({ name, executable, image, base }, facts, options)
  })
  checkDistinctPlaces(images.map(({ spec: { name, tags }, destinations }) => ({ name, tags, destinations })))
  return { project, source, platforms: options.platforms, compile, images, dist: options.dist }
}

/** A base that somebody chose is taken as it is; whether it serves the binaries is checked once they are there. */
function chosenBase(reference: string): BaseChoice {
  if (reference !== 'scratch' && !isLocalBase(reference)) parseReference(reference)
  return {
    reference,
    family: knownBase(reference).family,
    predicted: false,
    reason: 'chosen with --base or [image] base',
  }
}

interface WantedImage {
  readonly name: string
  readonly executable: Executable
  readonly image: ImageOptions
}

/**
 * The images of the build: one for each `[images.NAME]`, or one for each chosen executable.
 * @throws {Failure} usage or project, when what is asked for is neither.
 */
export function wantedImages(project: Project, options: Options): WantedImage[] {
  const tables = Object.entries(options.images)
  if (tables.length === 0) {
    return chooseExecutables(project, options.bins).map(executable => ({
      name: executable.name,
      executable,
      image: options.image,
    }))
  }
  const all = tables.map(([name, image]) => ({
    name,
    image,
    executable: chooseExecutables(project, [image.bin ?? name])[0] as Executable,
  }))
  if (options.bins.length === 0) return all
  return options.bins.flatMap(bin => {
    const named = all.filter(item => [item.name, item.executable.name, item.executable.package].includes(bin))
    if (named.length > 0) return named
    const names = tables.map(([name]) => name)
    const suggestion = closestMatch(bin, names)
    throw new Failure({
      kind: 'usage',
      what: `There is no image ${JSON.stringify(bin)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
      where: '[images] of xbuild.toml',
      why: `it has ${names.join(', ')}`,
      fix: `--bin ${suggestion ?? names[0]}`,
    })
  })
}

/** One toolchain call writes all programs of a platform into one folder, so two of one name would overwrite each other. */
function checkDistinct(executables: readonly Executable[]): void {
  for (const [index, { name, package: first }] of executables.entries()) {
    const other = executables.slice(index + 1).find(item => item.name === name)
    if (!other) continue
    throw new Failure({
      kind: 'usage',
      what: `Two of the chosen executables are called ${name}`,
      where: `${first}, ${other.package}`,
      why: 'their binaries would overwrite each other',
      fix: `build them one after the other: --bin ${first}, then --bin ${other.package}`,
    })
  }
}

/** Folders that every base has; a program of such a name goes to /usr/local/bin. */
const rootFolders = new Set(
  'bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var'.split(' '),
)

/** Where a program stands in its image. */
export function programPath(name: string): string {
  return rootFolders.has(name) ? `/usr/local/bin/${name}` : `/${name}`
}

/**
 * One image of the plan. Called again with another base when the binaries turn out to need one.
 * @throws {Failure} usage, when tags, destinations or file names cannot be.
 */
export function planImage(
  wanted: WantedImage & { readonly base: BaseChoice },
  { source }: Pick<PlanFacts, 'source'>,
  options: Options,
): ImagePlan {
  const { name, executable, image, base } = wanted
  const tags = image.tags.map(tag => checkTag(tag, name))
  const program = programPath(executable.name)
  const files: ImageFile[] = [
    { target: program, source: { artifact: executable.name }, mode: 0o755 },
    ...image.files.map(({ from, to, mode }) => ({ target: to, source: { path: from }, mode })),
  ]
  for (const file of files) checkImagePath(file.target, '[image] files', base.family)
  const spec: ImageSpec = {
    name,
    platforms: options.platforms,
    base,
    config: imageConfig(image, program, source),
    files,
    annotations: image.annotations,
    epoch: source.epoch,
    tags,
  }
  const destinations = planDestinations({
    tags,
    name,
    push: options.push,
    load: options.load,
    outputs: options.outputs,
    fallback: join(options.dist, `${name}.oci.tar`),
  })
  return { executable, spec, options: image, destinations }
}

function imageConfig(image: ImageOptions, program: string, source: SourceInfo): ImageConfig {
  const labels = {
    ...(source.revision && { 'org.opencontainers.image.revision': source.revision }),
    ...(source.version && { 'org.opencontainers.image.version': source.version }),
    ...image.labels,
  }
  return {
    entrypoint: image.entrypoint ?? [program],
    cmd: image.args,
    env: image.env,
    ...(image.user !== undefined && { user: image.user }),
    ...(image.workdir !== undefined && { workdir: image.workdir }),
    ports: image.ports,
    labels,
  }
}
