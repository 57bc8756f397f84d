import type { Plan } from './plan.ts'

/** One waits for a registry or a builder while another is packed. */
const most = 3

/**
 * How many images of a build are made at a time: one after another where all have buildx write to a place that the user
 * named, so that nothing of two is mixed there, and the last one's is what stays. Pure.
 */
export function imagesAtOnce({
  buildx,
  images,
}: {
  readonly buildx: Pick<Plan['buildx'], 'metadataFile' | 'cacheTo'>
  readonly images: readonly Pick<Plan['images'][number], 'destinations'>[]
}): number {
  const isShared =
    buildx.metadataFile !== undefined ||
    buildx.cacheTo.length > 0 ||
    images.some(({ destinations }) => destinations.some(({ type }) => type === 'buildx'))
  return isShared ? 1 : most
}
