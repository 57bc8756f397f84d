import { makeWithBuildx } from './buildx/make.ts'
import { type ImagePlan, imageTaskId } from './image-plan.ts'
import type { MadeImage, MakeContext } from './make-context.ts'
import { makeWithOci } from './writer/make.ts'

const makers = { buildx: makeWithBuildx, oci: makeWithOci }

/**
 * Makes one image and puts it where the plan says.
 * @throws {Failure} image or registry, when the backend fails.
 */
export function makeImage(
  image: ImagePlan,
  backend: keyof typeof makers,
  context: MakeContext,
): Promise<MadeImage> {
  return context.recorder.task(imageTaskId(image), async task => {
    const made = await makers[backend](image, context, task)
    task.detail(`by ${backend}`)
    return made
  })
}
