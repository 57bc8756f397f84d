import type { BuildxOptions } from '../../config/options.ts'
import type { Command, ImageSpec } from '../../types.ts'
import { csvField } from '../../util/csv-field.ts'
import { tokens } from '../../util/substitute.ts'
import { type Destination, withoutTag } from '../destination.ts'
import type { ImagePlan, ImageSettings } from '../image-plan.ts'
import { ownAnnotations } from '../own-annotations.ts'
import { cacheValues } from './cache.ts'
import { flagLabels, renderDockerfile } from './dockerfile.ts'

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

/** What is planned of an image, as a request. The run's temporary folder is its token. Pure. */
export function imageRequest(
  { spec, destinations }: Pick<ImagePlan, 'spec' | 'destinations'>,
  { buildx, cwd }: Pick<ImageSettings, 'buildx' | 'cwd'>,
): BuildxRequest {
  return { folder: `${tokens.work}/images/${spec.name}`, destinations, options: buildx, cwd }
}

/** The command that makes an image by itself, as `plan` prints it and `build` runs it. Pure. */
export function imageCommand(
  image: Pick<ImagePlan, 'spec' | 'destinations'>,
  settings: Pick<ImageSettings, 'buildx' | 'cwd'>,
): Command {
  return buildxCommand(image.spec, imageRequest(image, settings))
}

/** The Dockerfile of an image, as `plan` and `dockerfile` print it. Pure. */
export function imageDockerfile({ spec, template }: Pick<ImagePlan, 'spec' | 'template'>): string {
  return renderDockerfile(spec, { template, pinnedDigest: spec.base.digest })
}

/** What is asked for an image, whether in flags of `docker buildx build` or in a target of `docker buildx bake`. Pure. */
export function wantedOf(spec: ImageSpec, { folder, destinations, options }: BuildxRequest) {
  const caches = cacheValues(spec, destinations, options)
  return {
    platforms: spec.platforms.map(({ id }) => id),
    tags: isWithoutTag(destinations) ? [] : spec.tags,
    labels: flagLabels(spec),
    annotations: [...annotations(spec, destinations), ...spec.annotations],
    outputs: outputValues(destinations, buildxFiles(folder).output, spec.tags),
    cacheFrom: caches.from,
    cacheTo: caches.to,
  }
}

/** The flags and the environment that hold for every image of a build. */
export function commonParts({ builder, provenance, sbom, metadataFile }: BuildxOptions) {
  return {
    // buildx asks the builder for what happened in each build, to write it where nobody reads it.
    env: metadataFile === undefined ? { BUILDX_METADATA_PROVENANCE: 'disabled' } : {},
    first: [...(builder === undefined ? [] : ['--builder', builder]), '--progress=rawjson'],
    // Asked for or not, it is said: buildx's own default is an attestation that holds the time of the build.
    attestations: [
      `--provenance=${provenance ?? 'false'}`,
      ...(sbom === undefined ? [] : [`--sbom=${sbom}`]),
    ],
  }
}

/**
 * The command that makes an image of a staged context. Pure. Its last argument, the context, has the token for what
 * `stageContext` returns.
 */
export function buildxCommand(spec: ImageSpec, request: BuildxRequest): Command {
  const files = buildxFiles(request.folder)
  const wanted = wantedOf(spec, request)
  const common = commonParts(request.options)
  const each = (flag: string, values: readonly string[]) => values.flatMap(value => [flag, value])
  return {
    tool: 'docker',
    args: [
      ...['buildx', 'build', ...common.first],
      ...each('--platform', [wanted.platforms.join(',')]),
      ...each('--tag', wanted.tags),
      ...each(
        '--label',
        wanted.labels.map(([name, value]) => `${name}=${value}`),
      ),
      ...each('--annotation', wanted.annotations),
      ...each('--output', wanted.outputs),
      ...each('--cache-from', wanted.cacheFrom),
      ...each('--cache-to', wanted.cacheTo),
      ...common.attestations,
      ...each('--metadata-file', [files.metadata]),
      ...each('--file', [files.dockerfile]),
      files.context(tokens.content),
    ],
    cwd: request.cwd,
    env: { SOURCE_DATE_EPOCH: String(spec.epoch), ...common.env },
  }
}

/** Our own annotations, for outputs that are images; an image of one platform has no index to be annotated. */
function annotations({ base, epoch, platforms }: ImageSpec, destinations: readonly Destination[]): string[] {
  if (destinations.some(({ type }) => type === 'buildx' || type === 'docker-archive')) return []
  const places = platforms.length > 1 ? 'manifest,index' : 'manifest'
  return Object.entries(ownAnnotations(base, epoch)).map(([key, value]) => `${places}:${key}=${value}`)
}

/** --push and --load are written out for their media types: without attestations BuildKit falls back to Docker's. */
function outputValues(
  destinations: readonly Destination[],
  path: (index: number) => string,
  tags: readonly string[],
): string[] {
  // buildx gives the names of --tag to every output, and BuildKit pushes none by digest that has a tag.
  const names = isWithoutTag(destinations) && tags.length > 0 ? `,${csvField(`name=${tags.join(',')}`)}` : ''
  return destinations.map((destination, index) => outputValue(destination, path(index), names))
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
