import { writeFile } from 'node:fs/promises'
import { isFailure } from '../../errors.ts'
import { run } from '../../process.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { fillTokens, substitute } from '../../util/substitute.ts'
import { type ImagePlan, imageTaskId } from '../image-plan.ts'
import type { MakeContext } from '../make-context.ts'
import { bakeCommand, bakeFile, definition, targetNames } from './bake-file.ts'
import { readBakeProgress } from './bake-progress.ts'
import { imageDockerfile } from './command.ts'
import { explainBuildxError, failedTarget } from './errors.ts'
import { imageLog, stageImage } from './make.ts'
import {
  argument,
  type BuildxResult,
  builderOf,
  howEnded,
  readMetadata,
  resultOf,
  untilNamed,
  writeLog,
} from './run.ts'

/** Images that are staged at one time: one is read while another is written. */
const stagedAtOnce = 3

/**
 * Makes all images with one `docker buildx bake`: stages each, writes the definition, runs the plan's command. Where one
 * fails, buildx ends the others.
 * @returns what came of each; its outputs are in its folder
 * @throws {Failure} image or registry, explained, with the image that failed.
 */
export async function bakeImages(
  images: readonly ImagePlan[],
  context: MakeContext,
): Promise<readonly BuildxResult[]> {
  const { plan, work, recorder } = context
  let culprit: ImagePlan | undefined
  for (const image of images) recorder.emit({ type: 'start', id: imageTaskId(image) })
  try {
    const contents = await mapLimit(images, stagedAtOnce, image =>
      stageImage(image, context).catch(error => {
        culprit ??= image
        throw error
      }),
    )
    const values = (index: number) => ({ work, content: contents[index] ?? '' })
    await writeFile(fillTokens(definition, { work }), bakeFile(images, plan, values))
    const title = `Make the images ${images.map(({ spec }) => spec.name).join(', ')}`
    recorder.commands.push({ title, ...bakeCommand(plan) })
    return await runBake(images, context, image => {
      culprit = image
    })
  } catch (error) {
    for (const image of images) {
      const failed = !isFailure(error, 'interrupted') && (culprit === undefined || culprit === image)
      const end = failed
        ? ({ type: 'failed', detail: (error as Error).message } as const)
        : ({ type: 'skipped', detail: 'stopped' } as const)
      recorder.emit({ ...end, id: imageTaskId(image) })
    }
    throw error
  }
}

async function runBake(
  images: readonly ImagePlan[],
  context: MakeContext,
  onFailed: (image: ImagePlan | undefined) => void,
): Promise<BuildxResult[]> {
  const command = substitute(bakeCommand(context.plan), { work: context.work })
  const targets = targetNames(images)
  const { result, progress, said } = await untilNamed(async () => {
    const progress = readBakeProgress(targets)
    const tell = (line: string) => {
      for (const { target, detail } of progress.line(line)) {
        const image = images[targets.indexOf(target)] as ImagePlan
        context.recorder.emit({ type: 'progress', id: imageTaskId(image), detail })
      }
    }
    const result = await run(command, { signal: context.signal, onStderr: tell }).finally(() =>
      Promise.all(
        images.map((image, index) => writeLog(imageLog(image, context), progress.of(targets[index]).log())),
      ),
    )
    return { result, progress, said: progress.plain() }
  })
  if (!result.ok) {
    const target = failedTarget(said, targets, one => progress.of(one).vertexTimes())
    const failed = images[targets.indexOf(target ?? '')]
    onFailed(failed)
    // What is said of none is in the log of each.
    const logFile = imageLog(failed ?? (images[0] as ImagePlan), context)
    const dockerfile = failed ? imageDockerfile(failed) : ''
    throw explainBuildxError({
      said: said + howEnded(result),
      dockerfile,
      vertices: failed ? progress.of(target).vertexTimes() : [],
      logFile,
      builder: builderOf(command),
      image: failed?.spec.name,
    })
  }
  const metadata = await readMetadata(argument(command, '--metadata-file'))
  return targets.map(target => {
    const own = (metadata[target] ?? {}) as Record<string, unknown>
    return resultOf(own, progress.of(target).vertexTimes(), result.seconds)
  })
}
