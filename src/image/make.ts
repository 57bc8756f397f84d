import { bakeImages } from './buildx/bake.ts'
import { whyNotBaked } from './buildx/bake-file.ts'
import { findMadeBefore, type MadeBefore } from './buildx/made-before.ts'
import { makeWithBuildx } from './buildx/make.ts'
import { type ImagePlan, imageTaskId } from './image-plan.ts'
import type { MadeImage, MakeContext } from './make-context.ts'
import { makeWithOci } from './writer/make.ts'

const makers = { buildx: makeWithBuildx, oci: makeWithOci }

/**
 * Makes all images of a build at once, where the backend can; but for those of which nothing has changed.
 * @returns what came of each, for `makeImage`, which makes those without a result
 * @throws {Failure} image or registry, when one fails
 */
export async function makeAtOnce(
  images: readonly ImagePlan[],
  backend: keyof typeof makers,
  context: MakeContext,
): Promise<readonly MadeBefore[]> {
  if (backend !== 'buildx') return []
  const before = await findMadeBefore(images, context)
  const rest = images.filter((_, index) => before[index]?.result === undefined)
  const isBaked = whyNotBaked(rest, context.plan.buildx) === undefined
  const baked = isBaked ? await bakeImages(rest, context) : []
  return images.map((image, index) => {
    const result = baked[rest.indexOf(image)]
    return { ...before[index], ...(result && { result }) }
  })
}

/**
 * Makes one image and puts it where the plan says.
 * @throws {Failure} image or registry, when the backend fails.
 */
export function makeImage(
  image: ImagePlan,
  backend: keyof typeof makers,
  context: MakeContext,
  before?: MadeBefore,
): Promise<MadeImage> {
  return context.recorder.task(imageTaskId(image), async task => {
    const made = await makers[backend](image, context, task, before)
    task.detail(before?.result?.isPushed ? 'nothing has changed' : `by ${backend}`)
    return made
  })
}
