import type { Command } from '../../types.ts'
import { fillFields, type TokenValues, tokens } from '../../util/substitute.ts'
import type { ImagePlan, ImageSettings } from '../image-plan.ts'
import { buildxFiles, commonParts, imageRequest, wantedOf } from './command.ts'

type Planned = Pick<ImagePlan, 'spec' | 'destinations'>
type Settings = Pick<ImageSettings, 'buildx' | 'cwd'>

/** Where the definition of a build of several images is in the run's temporary folder. */
export const definition = `${tokens.work}/bake.json`
const metadata = `${tokens.work}/bake-metadata.json`

/**
 * Why each image has a `docker buildx build` of its own, where one `docker buildx bake` does not make all of them; undefined
 * where it does. Pure.
 */
export function whyNotBaked(
  images: readonly Planned[],
  { metadataFile, cacheTo }: ImageSettings['buildx'],
): string | undefined {
  if (images.length < 2) return 'there is one image'
  if (metadataFile !== undefined) return '--metadata-file is written for one image after the other'
  if (cacheTo.length > 0) return '--cache-to writes the cache of one image after the other'
  const own = images.flatMap(({ destinations }) => destinations).find(({ type }) => type === 'buildx')
  return own?.type === 'buildx' ? `-o ${own.value} is for docker buildx build` : undefined
}

/** The command that makes all images, as `plan` prints it and `build` runs it. Pure. */
export function bakeCommand({ buildx, cwd }: Settings): Command {
  const { first, attestations, env } = commonParts(buildx)
  return {
    tool: 'docker',
    args: [
      ...['buildx', 'bake', ...first, ...attestations],
      ...['--metadata-file', metadata, '--file', definition],
    ],
    cwd,
    // What bake reads and writes is in the run's folder, or was named by the user: there is nobody to ask about it.
    env: { BUILDX_BAKE_ENTITLEMENTS_FS: '0', ...env },
  }
}

/**
 * The text of the definition: a target for each image, and all of them in the group that bake makes unless told otherwise. Pure.
 * @param values for the tokens, by the number of the image
 */
export function bakeFile(
  images: readonly Planned[],
  settings: Settings,
  values: (index: number) => TokenValues,
): string {
  const names = targetNames(images)
  const targets = images.map((image, index) => {
    const write = (text: string) => escapeTemplate(fillFields(text, values(index)))
    return [names[index], mapTexts(bakeTarget(image, settings), write)]
  })
  const bake = { group: { default: { targets: names } }, target: Object.fromEntries(targets) }
  return `${JSON.stringify(bake, undefined, 2)}\n`
}

/** The targets of images: their names, in the letters that bake allows (buildx bake/bake.go, validTargetNameChars). Pure. */
export function targetNames(images: readonly Planned[]): string[] {
  // The group, and what BuildKit calls steps of its own.
  const taken = new Set(['default', 'internal'])
  return images.map(({ spec }) => {
    const plain = spec.name.replace(/[^\w-]/g, '-')
    let name = plain
    for (let number = 2; taken.has(name); number++) name = `${plain}-${number}`
    taken.add(name)
    return name
  })
}

function bakeTarget(image: Planned, settings: Settings) {
  const request = imageRequest(image, settings)
  const files = buildxFiles(request.folder)
  const { labels, outputs, cacheFrom, cacheTo, platforms, ...wanted } = wantedOf(image.spec, request)
  const lists = { ...wanted, 'cache-from': cacheFrom, 'cache-to': cacheTo }
  return {
    context: files.context(tokens.content),
    dockerfile: files.dockerfile,
    args: { SOURCE_DATE_EPOCH: String(image.spec.epoch) },
    platforms,
    output: outputs,
    ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    ...Object.fromEntries(Object.entries(lists).filter(([, { length }]) => length > 0)),
  }
}

/** Text that bake takes as it is: it reads every string of a definition, names of labels too, as a template of HCL. */
function escapeTemplate(text: string): string {
  return text.replace(/[$%](?=\{)/g, mark => mark + mark)
}

type Texts = string | readonly string[] | Readonly<Record<string, string>>

function mapTexts(target: Readonly<Record<string, Texts>>, write: (text: string) => string) {
  const written = (value: Texts) => {
    if (typeof value === 'string') return write(value)
    if (isList(value)) return value.map(write)
    return Object.fromEntries(Object.entries(value).map(([key, text]) => [write(key), write(text)]))
  }
  return Object.fromEntries(Object.entries(target).map(([key, value]) => [key, written(value)]))
}

const isList = (value: Texts): value is readonly string[] => Array.isArray(value)
