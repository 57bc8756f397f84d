import type { WrittenReport } from '../summary.ts'

/**
 * The outputs of the Action: those of docker/build-push-action for the first image, and xbuild's own. With several images
 * `metadata` has one entry for each, as `docker buildx bake` writes it.
 */
export function actionOutputs(report: WrittenReport, reportPath: string): Record<string, string> {
  const images = report.images ?? []
  const digest = images[0]?.digest ?? ''
  const metadata = images.map(({ name, digest, imageId, tags, platforms }) => ({
    name,
    facts: {
      ...(imageId !== undefined && { 'containerimage.config.digest': imageId }),
      ...(digest !== undefined && { 'containerimage.digest': digest }),
      'image.name': tags.join(','),
      'xbuild.platforms': Object.fromEntries(platforms.map(({ platform, digest }) => [platform, digest])),
    },
  }))
  const [only] = metadata
  return {
    digest,
    // What buildx writes with --iidfile, which build-push-action hands on.
    imageid: images[0]?.imageId ?? digest,
    metadata: JSON.stringify(
      metadata.length === 1
        ? only?.facts
        : Object.fromEntries(metadata.map(({ name, facts }) => [name, facts])),
    ),
    refs: images.flatMap(image => refsOf(image)).join('\n'),
    report: reportPath,
  }
}

/** `name@sha256:…` for each repository that an image was pushed to; none where it is only a file or in the engine. */
function refsOf({ tags, destinations, digest }: NonNullable<WrittenReport['images']>[number]): string[] {
  if (digest === undefined) return []
  // buildx gives the names of --tag to each output, so one that pushes pushes to them.
  const byBuildx = destinations.some(place =>
    /(?:^|,)type=registry(?:,|$)|(?:^|,)push=true(?:,|$)/.test(place),
  )
  const repositories = tags.flatMap(tag => {
    const repository = tag.replace(/:[\w.-]+$/, '')
    const isPushed = byBuildx || [tag, `${repository} by digest`].some(place => destinations.includes(place))
    return isPushed ? [`${repository}@${digest}`] : []
  })
  return [...new Set(repositories)]
}
