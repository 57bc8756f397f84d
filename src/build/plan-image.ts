import { dirname, join } from 'node:path'
import { knownBase } from '../base/known.ts'
import type { ImageOptions } from '../config/image-options.ts'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import { checkTag, localTag, planDestinations } from '../image/destination.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { initWords } from '../image/init.ts'
import { checkDestination, checkImagePath, checkWorkdir, linkedPath } from '../image/paths.ts'
import type { Executable } from '../languages/language.ts'
import { isLocalBase } from '../oci/local-base.ts'
import { parseReference } from '../oci/reference.ts'
import type { BaseChoice, ImageConfig, ImageFile, ImageSpec, SourceInfo } from '../types.ts'
import { fillPlaceholders, type Placeholders, sourcePlaceholders } from '../util/placeholders.ts'
import type { WantedImage } from './wanted-images.ts'

/**
 * A base that somebody chose is taken as it is; whether it serves the binaries is checked once they are there.
 * @throws {Failure} usage, when it is no reference.
 */
export function chosenBase(reference: string): BaseChoice {
  if (reference !== 'scratch' && !isLocalBase(reference)) parseReference(reference)
  return {
    reference,
    family: knownBase(reference).family,
    predicted: false,
    reason: 'chosen with --base or [image] base',
  }
}

/** Folders that every base has; a program of such a name goes to /usr/local/bin. */
const rootFolders = new Set(
  'bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var'.split(' '),
)

/** Where a program is in its image unless `[image] program` says otherwise. */
export function programPath(name: string): string {
  return rootFolders.has(name) ? `/usr/local/bin/${name}` : `/${name}`
}

/** Where each program is: the first at `[image] program`, the others next to it. */
function pathInImage({ name }: Executable, index: number, program: string | undefined): ImageFile {
  const next = program && join(dirname(program), name)
  const target = (index === 0 ? program : next) ?? programPath(name)
  return { target, source: { artifact: name }, mode: 0o755 }
}

/**
 * A link of `[image] links`.
 * @throws {Failure} usage, for a path that cannot be in an image, or a link that leads out of the root folder.
 */
function linkFile(target: string, link: string, base: BaseChoice): ImageFile {
  checkImagePath(target, ['links', target], base)
  checkImagePath(linkedPath(target, link), ['links', target])
  return { target, source: { link }, mode: 0o777 }
}

/** The user of an image on scratch, which has none of its own: a container would run as root. */
const scratchUser = '65532:65532'

/**
 * One image of the plan, yet without the files of the project, which prepareBuild looks for. Pure.
 * @throws {Failure} usage, when tags, destinations or file names cannot be.
 */
export function planImage(
  { name, executables, image: asked }: WantedImage,
  base: BaseChoice,
  source: SourceInfo,
  options: Options,
): ImagePlan {
  const image = fillImage(asked, { ...sourcePlaceholders(source), name, platform: undefined })
  const tags = image.tags.map(tag => checkTag(tag, name))
  // An engine keeps what has no name as <none>.
  if (tags.length === 0 && options.load && !options.push) tags.push(localTag(name))
  const programs = executables.map((item, index) => pathInImage(item, index, image.program))
  for (const { target } of programs) checkImagePath(target, ['program'], base)
  const program = programs[0]?.target ?? ''
  const links = Object.entries(image.links).map(([target, link]) => linkFile(target, link, base))
  for (const [at, { to }] of image.files.entries()) checkDestination(to, at)
  const spec: ImageSpec = {
    name,
    platforms: options.platforms,
    base,
    config: imageConfig(image, program, base, source),
    files: [...programs, ...links],
    annotations: image.annotations,
    epoch: source.epoch,
    tags,
    ...(image.folders.length > 0 && { ownedFolders: image.folders }),
  }
  for (const [at, { path }] of image.folders.entries()) checkImagePath(path, ['folders', at, 'path'], base)
  const destinations = planDestinations({
    tags,
    name,
    push: options.push,
    byDigest: options.byDigest,
    load: options.load,
    outputs: options.outputs,
    fallback: join(options.dist, `${name}.oci.tar`),
  })
  return { executables, spec, image, destinations }
}

/** The options of an image with their placeholders filled in. */
function fillImage(image: ImageOptions, values: Placeholders): ImageOptions {
  const fill = (text: string, place: string, key: readonly (string | number)[]) => {
    try {
      return fillPlaceholders(text, values, place)
    } catch (error) {
      throw error instanceof Failure ? error.with({ key: ['image', ...key] }) : error
    }
  }
  const fillList = (list: readonly string[], place: string, name: string) =>
    list.map((text, at) => fill(text, place, [name, at]))
  const fillTable = (table: Readonly<Record<string, string>>, place: string, name: string) =>
    Object.fromEntries(
      Object.entries(table).map(([key, text]) => [key, fill(text, `${place} ${key}`, [name, key])]),
    )
  return {
    ...image,
    tags: fillList(image.tags, '--tag or [image] tags', 'tags'),
    annotations: fillList(image.annotations, '--annotation or [image] annotations', 'annotations'),
    args: fillList(image.args, '[image] args', 'args'),
    env: fillTable(image.env, '[image] env', 'env'),
    labels: fillTable(image.labels, '--label or [image] labels', 'labels'),
  }
}

function imageConfig(
  image: ImageOptions,
  program: string,
  base: BaseChoice,
  source: SourceInfo,
): ImageConfig {
  const user = image.user ?? (base.reference === 'scratch' ? scratchUser : undefined)
  const labels = {
    ...(source.revision && { 'org.opencontainers.image.revision': source.revision }),
    ...(source.version && { 'org.opencontainers.image.version': source.version }),
    ...image.labels,
  }
  return {
    entrypoint: [...(image.init === undefined ? [] : initWords), ...(image.entrypoint ?? [program])],
    cmd: image.args,
    env: image.env,
    ...(user !== undefined && { user }),
    ...(image.workdir !== undefined && { workdir: checkWorkdir(image.workdir) }),
    ports: image.ports,
    labels,
    ...(image.volumes.length > 0 && { volumes: image.volumes }),
    ...(image.stopSignal !== undefined && { stopSignal: image.stopSignal }),
    ...(image.healthcheck && { healthcheck: image.healthcheck }),
  }
}
