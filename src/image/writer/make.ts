import { checkBaseFloat, otherBases } from '../../base/choose.ts'
import type { Platform } from '../../platforms.ts'
import type { Task } from '../../recorder.ts'
import { hostArch } from '../../util/host-arch.ts'
import { type Destination, describeDestination } from '../destination.ts'
import type { ImagePlan } from '../image-plan.ts'
import { binariesOf, type MadeImage, type MakeContext, platformFile } from '../make-context.ts'
import type { OciOutput } from './write-image.ts'

/**
 * Makes an image in this process, without Docker.
 * @throws {Failure} image or registry.
 */
export async function makeWithOci(image: ImagePlan, context: MakeContext, task: Task): Promise<MadeImage> {
  const { buildOciImage } = await import('./write-image.ts')
  const { spec, destinations } = image
  const packed = new Set(spec.files.map(({ source }) => 'artifact' in source && source.artifact))
  const binaries = context.artifacts.filter(({ name }) => packed.has(name))
  const publish: (() => Promise<void>)[] = []
  const uploaded = new Set(context.uploaded)
  const made = await buildOciImage(spec, {
    file: platformFile(context),
    root: context.plan.root,
    outputs: destinations.map(destination => ociOutput(destination, spec.platforms)),
    compression: context.plan.compression,
    registries: context.registries,
    offline: context.plan.offline,
    otherBases: otherBases(binaries),
    onBase: ({ id }, held) =>
      checkBaseFloat(
        spec.base.reference,
        binaries.filter(({ platform }) => platform.id === id),
        [held],
      ),
    signal: context.signal,
    deferTags: moveTags => publish.push(moveTags),
    onUpload: digest => uploaded.add(digest),
    onProgress: task.progress,
    onRemark: text => context.recorder.note('info', text),
  })
  const [only, ...others] = made.platforms
  return {
    reported: {
      name: spec.name,
      backend: 'oci',
      base: { ...spec.base, ...(made.baseDigest !== undefined && { digest: made.baseDigest }) },
      tags: spec.tags,
      destinations: destinations.flatMap(describeDestination),
      digest: made.indexDigest,
      ...(only && others.length === 0 && { imageId: only.configDigest }),
      binaries: binariesOf(spec),
      platforms: made.platforms.map(({ platform, manifestDigest, size }) => ({
        platform: platform.id,
        digest: manifestDigest,
        size,
      })),
      compressor: made.compressor,
    },
    ...(publish.length > 0 && {
      publish: async () => {
        for (const moveTags of publish) await moveTags()
      },
    }),
    uploaded,
    packed: made.platforms.flatMap(({ platform, packed }) => (packed ? [{ platform, ...packed }] : [])),
  }
}

function ociOutput(destination: Destination, platforms: readonly Platform[]): OciOutput {
  switch (destination.type) {
    case 'archive':
    case 'layout':
    case 'push':
      return destination
    case 'docker-archive':
      // The classic store loads one platform: the engine's own, which is likely this machine's.
      return { ...destination, platform: hostPlatform(platforms) }
    default:
      throw new Error(`the in-process backend was chosen for ${destination.type}`)
  }
}

function hostPlatform(platforms: readonly Platform[]): Platform {
  const host = hostArch()
  return platforms.find(({ arch }) => arch === host) ?? (platforms[0] as Platform)
}
