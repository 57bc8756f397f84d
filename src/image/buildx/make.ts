import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptor, parseJson } from '../../oci/manifest.ts'
import type { Task } from '../../recorder.ts'
import type { Command } from '../../types.ts'
import { fillTokens, substitute, tokens } from '../../util/substitute.ts'
import { writeUserFile } from '../../util/write-user-file.ts'
import { type Destination, describeDestination } from '../destination.ts'
import type { ImagePlan, ImageSettings } from '../image-plan.ts'
import { binariesOf, type MadeImage, type MakeContext, platformFile } from '../make-context.ts'
import { renderDockerfile } from './dockerfile.ts'
import { dockerfileRemarks } from './dockerfile-remarks.ts'
import { placeArchive, placeLayout } from './place-output.ts'
import type { PushContext } from './push-tags-last.ts'
import { type BuildxResult, buildxCommand, buildxFiles, runBuildx } from './run.ts'
import { stageContext } from './stage.ts'
import { pushWithTagsLast } from './tags-last.ts'

/** The folder of an image in the run's temporary folder, as plans write it. */
const plannedFolder = ({ spec }: Pick<ImagePlan, 'spec'>) => `${tokens.work}/images/${spec.name}`

/** The command that makes an image with buildx, as `plan` prints it and `build` runs it. Pure. */
export function imageCommand(
  image: Pick<ImagePlan, 'spec' | 'destinations'>,
  { buildx, cwd }: Pick<ImageSettings, 'buildx' | 'cwd'>,
): Command {
  return buildxCommand(image.spec, {
    folder: plannedFolder(image),
    destinations: image.destinations,
    options: buildx,
    cwd,
  })
}

/** The Dockerfile of an image, as `plan` and `dockerfile` print it. Pure. */
export function imageDockerfile({ spec, template }: Pick<ImagePlan, 'spec' | 'template'>): string {
  return renderDockerfile(spec, { template, pinnedDigest: spec.base.digest })
}

/**
 * Makes an image with docker buildx: stages the files, writes the Dockerfile, runs the plan's command.
 * @throws {Failure} image or registry, explained.
 */
export async function makeWithBuildx(image: ImagePlan, context: MakeContext, task: Task): Promise<MadeImage> {
  const { plan, work, logs, recorder, registries, signal } = context
  const { spec, destinations } = image
  const folder = fillTokens(plannedFolder(image), { work })
  const files = buildxFiles(folder)
  await mkdir(folder, { recursive: true })
  const content = await stageContext(spec, {
    dir: files.staging,
    file: platformFile(context),
    root: plan.root,
  })
  await rename(files.staging, files.context(content))
  const dockerfile = imageDockerfile(image)
  await writeFile(files.dockerfile, dockerfile)
  for (const text of dockerfileRemarks(dockerfile, image)) recorder.note('warning', text)

  const command = imageCommand(image, plan)
  recorder.commands.push({ title: `Make the image ${spec.name}`, ...command })
  const result = await runBuildx(substitute(command, { work, content }), {
    signal,
    logFile: join(logs, `image-${spec.name}.log`),
    onProgress: task.progress,
  })
  await placeOutputs(image, files, result, signal)
  const pushed = await pushWithoutTags(destinations, files, result, {
    client: registries,
    onProgress: task.progress,
  })
  const digest = pushed?.digest ?? result.digest
  const { metadataFile } = plan.buildx
  const imageId = result.metadata['containerimage.config.digest']
  if (metadataFile) await writeUserFile(metadataFile, await readFile(files.metadata), '--metadata-file')
  return {
    reported: {
      name: spec.name,
      backend: 'buildx',
      base: spec.base,
      tags: spec.tags,
      destinations: destinations.flatMap(describeDestination),
      ...(digest !== undefined && { digest }),
      // Named by BuildKit for one platform alone.
      ...(typeof imageId === 'string' && { imageId }),
      binaries: binariesOf(spec),
      platforms: [],
    },
    ...(pushed && { publish: pushed.publish }),
    packed: [],
  }
}

/** Pushes what buildx did not push itself. @returns what it is called, and what moves its tags; undefined where buildx does */
async function pushWithoutTags(
  destinations: readonly Destination[],
  files: ReturnType<typeof buildxFiles>,
  { digest: made }: BuildxResult,
  context: PushContext,
): Promise<{ readonly digest: string; readonly publish: () => Promise<void> } | undefined> {
  const push = pushWithTagsLast(destinations)
  if (!push) return undefined
  const { moveTagsLast, pushLayout } = await import('./push-tags-last.ts')
  const layout = files.output(destinations.indexOf(push))
  const digest = push.tagsLast === 'layout' ? await pushLayout(layout, push, context) : made
  if (digest === undefined) throw new Error('BuildKit named no digest for what it pushed')
  return { digest, publish: () => moveTagsLast(push, digest, context) }
}

/** Gives what buildx wrote its names: only now is it known to be whole. */
async function placeOutputs(
  { spec, destinations }: ImagePlan,
  files: ReturnType<typeof buildxFiles>,
  { metadata }: BuildxResult,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [index, destination] of destinations.entries()) {
    if (destination.type === 'archive' || destination.type === 'docker-archive') {
      await placeArchive(files.output(index), destination.path)
    } else if (destination.type === 'layout') {
      const descriptor = (metadata['containerimage.descriptor'] ??
        (await onlyImage(files.output(index)))) as Descriptor
      await placeLayout(files.output(index), destination.path, descriptor, spec.tags, signal)
    }
  }
}

/** The image of a layout that holds one. */
async function onlyImage(layout: string): Promise<Descriptor | undefined> {
  const path = join(layout, 'index.json')
  const { manifests } = parseJson(await readFile(path), path) as { manifests?: Descriptor[] }
  return manifests?.[0]
}
