import type { Destination } from '../destination.ts'
import type { ImagePlan } from '../image-plan.ts'
import type { BuilderFacts } from './builder.ts'

/** A push to a registry. */
export type PushWithTagsLast = Extract<Destination, { type: 'push' }>

/** The push whose tags xbuild moves itself, where an image has one. */
export function pushWithTagsLast(destinations: readonly Destination[]): PushWithTagsLast | undefined {
  return destinations.find(
    (destination): destination is PushWithTagsLast =>
      destination.type === 'push' && destination.tagsLast !== undefined,
  )
}

/**
 * Plans a build of several images so that buildx moves no tag, and xbuild all of them once every image is there. A builder
 * pushes by digest; the docker driver cannot (buildx build/opt.go), so it hands over a layout, which xbuild pushes. Pure.
 * @returns the images, and why their tags are left to buildx where they are
 */
export function planTagsLast<T extends Pick<ImagePlan, 'destinations'>>(
  images: readonly T[],
  builder: Pick<BuilderFacts, 'driver' | 'containerdStore' | 'nodes'>,
): { readonly images: readonly T[]; readonly remark?: string } {
  const all = images.flatMap(({ destinations }) => destinations)
  const pushes = all.filter(destination => destination.type === 'push' && !destination.byDigest)
  if (images.length < 2 || pushes.length === 0) return { images }
  const obstacle = whatIsInTheWay(all, builder)
  if (obstacle !== undefined) {
    const remark = `docker buildx moves the tags of each image when it is made, not all of them last: ${obstacle}`
    return { images, remark }
  }
  const tagsLast = builder.driver === 'docker' ? 'layout' : 'digest'
  const marked = images.map(image => ({
    ...image,
    destinations: image.destinations.map(one =>
      one.type === 'push' && !one.byDigest ? { ...one, tagsLast } : one,
    ),
  }))
  return { images: marked }
}

function whatIsInTheWay(
  destinations: readonly Destination[],
  { driver, containerdStore, nodes }: Pick<BuilderFacts, 'driver' | 'containerdStore' | 'nodes'>,
): string | undefined {
  const own = destinations.find(({ type }) => type === 'buildx')
  if (own?.type === 'buildx') return `-o ${own.value} takes its names from docker buildx`
  if (driver === 'docker' && !containerdStore)
    return 'the engine keeps images in the classic store, which can push by tag alone'
  // buildx joins what the nodes pushed, under a tag.
  return nodes > 1 ? 'the builder has several nodes' : undefined
}

/** The same images with their tags left to buildx, for a registry that this machine does not reach. Pure. */
export function withTagsByBuildx<T extends Pick<ImagePlan, 'destinations'>>(
  images: readonly T[],
): readonly T[] {
  const plain = (destination: Destination): Destination => {
    if (destination.type !== 'push') return destination
    const { tagsLast: _, ...rest } = destination
    return rest
  }
  return images.map(image => ({ ...image, destinations: image.destinations.map(plain) }))
}
