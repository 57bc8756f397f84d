import type { Plan } from './plan.ts'

/** One waits for a registry or a builder while another is packed; how many layers are packed at once is settled elsewhere. */
const most = { oci: 6, buildx: 3 }

/**
 * How many images of a build are made at a time: one after another where buildx writes the metadata or a cache of each to
 * the one place that the user named, so that nothing of two is mixed there, and the last one's is what stays. Pure.
 */
export function imagesAtOnce(
  { buildx }: { readonly buildx: Pick<Plan['buildx'], 'metadataFile' | 'cacheTo'> },
  backend: keyof typeof most,
) {
  return buildx.metadataFile !== undefined || buildx.cacheTo.length > 0 ? 1 : most[backend]
}
