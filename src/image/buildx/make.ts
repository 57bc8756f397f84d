import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptor, parseJson } from '../../oci/manifest.ts'
import type { Task } from '../../recorder.ts'
import { fillTokens, substitute } from '../../util/substitute.ts'
import { writeUserFile } from '../../util/write-user-file.ts'
import { type Destination, describeDestination } from '../destination.ts'
import type { ImagePlan } from '../image-plan.ts'
import { binariesOf, type MadeImage, type MakeContext, platformFile } from '../make-context.ts'
import { buildxFiles, imageCommand, imageDockerfile, imageRequest } from './command.ts'
import { dockerfileRemarks } from './dockerfile-remarks.ts'
import { forgetMade, type MadeBefore, rememberMade } from './made-before.ts'
import { placeArchive, placeLayout } from './place-output.ts'
import type { PushContext } from './push-tags-last.ts'
import { type BuildxResult, runBuildx } from './run.ts'
import { stageContext } from './stage.ts'
import { pushWithTagsLast } from './tags-last.ts'

/** The folder of an image in the run's temporary folder. */
const folderOf = (image: ImagePlan, { plan, work }: MakeContext) =>
  fillTokens(imageRequest(image, plan).folder, { work })

/**
 * Stages the files of an image and writes its Dockerfile.
 * @returns what the token for the content stands for
 * @throws {Failure} usage or image
 */
export async function stageImage(image: ImagePlan, context: MakeContext): Promise<string> {
  const folder = folderOf(image, context)
  const files = buildxFiles(folder)
  await mkdir(folder, { recursive: true })
  const content = await stageContext(image.spec, {
    dir: files.staging,
    file: platformFile(context),
    root: context.plan.root,
  })
  await rename(files.staging, files.context(content))
  const dockerfile = imageDockerfile(image)
  await writeFile(files.dockerfile, dockerfile)
  for (const text of dockerfileRemarks(dockerfile, image)) context.recorder.note('warning', text)
  return content
}

/** The log of an image. */
export function imageLog({ spec }: Pick<ImagePlan, 'spec'>, { logs }: Pick<MakeContext, 'logs'>): string {
  return join(logs, `image-${spec.name}.log`)
}

/** Runs the plan's `docker buildx build` of one image. */
async function buildAlone(image: ImagePlan, context: MakeContext, task: Task): Promise<BuildxResult> {
  const { plan, work, recorder, signal } = context
  const content = await stageImage(image, context)
  const command = imageCommand(image, plan)
  recorder.commands.push({ title: `Make the image ${image.spec.name}`, ...command })
  return runBuildx(substitute(command, { work, content }), {
    signal,
    logFile: imageLog(image, context),
    onProgress: task.progress,
  })
}

/**
 * Makes an image with docker buildx, unless a bake of several has made it, and puts it where the plan says.
 * @throws {Failure} image or registry, explained.
 */
export async function makeWithBuildx(
  image: ImagePlan,
  context: MakeContext,
  task: Task,
  { key, result: baked }: MadeBefore = {},
): Promise<MadeImage> {
  const { plan, registries, signal } = context
  const { spec, destinations } = image
  const files = buildxFiles(folderOf(image, context))
  const result = baked ?? (await buildAlone(image, context, task))
  await placeOutputs(image, files, result, signal)
  const uploaded = new Set<string>()
  const pushed = await pushWithoutTags(destinations, files, result, {
    client: registries,
    onProgress: task.progress,
    onUpload: blob => uploaded.add(blob),
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
    ...(digest !== undefined &&
      key !== undefined &&
      !result.isPushed && { remember: () => rememberMade(image, key, digest, result, context) }),
    ...(key !== undefined && result.isPushed && { forget: () => forgetMade(key) }),
    uploaded,
    packed: [],
  }
}

/** Pushes what buildx did not push itself. @returns what it is called, and what moves its tags; undefined where buildx does */
async function pushWithoutTags(
  destinations: readonly Destination[],
  files: ReturnType<typeof buildxFiles>,
  { digest: made, isPushed }: BuildxResult,
  context: PushContext,
): Promise<{ readonly digest: string; readonly publish: () => Promise<void> } | undefined> {
  const push = pushWithTagsLast(destinations)
  if (!push) return undefined
  const { moveTagsLast, pushLayout } = await import('./push-tags-last.ts')
  const layout = files.output(destinations.indexOf(push))
  const digest = push.tagsLast === 'layout' && !isPushed ? await pushLayout(layout, push, context) : made
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
