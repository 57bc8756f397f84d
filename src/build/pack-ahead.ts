import type { ImagePlan } from '../image/image-plan.ts'
import { binariesOf, platformFile } from '../image/make-context.ts'
import type { Platform } from '../platforms.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { Artifact, CompiledBinary } from '../types.ts'
import { checkArtifact, type ReadBinary } from './artifacts.ts'
import type { Plan } from './plan.ts'
import type { Prepared } from './prepare.ts'

/** Packs programs for images while other platforms are compiled. */
export interface Ahead {
  /** Takes binaries that were compiled. Those of the last build are left: their layers are in the cache. */
  take(binaries: readonly CompiledBinary[]): void
  /** Waits for what has begun, and begins nothing more. */
  finish(): Promise<void>
  /** Ends what has begun. */
  abandon(): Promise<void>
  /** The digests of the layers that a registry had not. */
  readonly uploaded: ReadonlySet<string>
}

/** Layers that are packed at once: the compilers have work for every processor. */
const parallel = 2

/**
 * Packs the layer of a platform's programs as soon as they are compiled, and uploads it, so that making the images finds
 * both done; no manifest is written and no tag moves. What goes wrong is left for making the image to run into and to say.
 * BuildKit packs by itself: with that backend nothing is done.
 */
export function packAhead(
  { plan, backend, registries, signal: outer }: Pick<Prepared, 'backend'> & AheadContext,
  read: ReadBinary,
): Ahead {
  const controller = new AbortController()
  const signal = AbortSignal.any([outer, controller.signal])
  const uploaded = new Set<string>()
  const compiled = new Map<string, CompiledBinary>()
  const key = (name: string, platform: Platform) => `${platform.id} ${name}`
  const waiting: (() => Promise<void>)[] = []
  const packing = new Set<Promise<void>>()
  const uploading = new Set<Promise<void>>()

  const pack = async (image: ImagePlan, platform: Platform) => {
    const binaries = binariesOf(image.spec).flatMap(name => compiled.get(key(name, platform)) ?? [])
    const found = await Promise.all(binaries.map(read))
    const artifacts = found.map(({ artifact }) => artifact)
    if (found.every(({ kept }) => kept) || artifacts.some(isWrong)) return
    const { packProgramsAhead } = await import('../image/writer/pack-ahead.ts')
    const context = { file: platformFile({ artifacts }), compression: plan.compression, registries, signal }
    const upload = await packProgramsAhead(image, platform, {
      ...context,
      onUpload: digest => uploaded.add(digest),
    })
    if (!signal.aborted) track(uploading, upload())
  }
  const isWrong = (artifact: Artifact) => checkArtifact(artifact, plan).length > 0
  const next = () => {
    while (packing.size < parallel && waiting.length > 0) track(packing, waiting.shift()?.()).then(next)
  }

  return {
    uploaded,
    take(binaries) {
      if (backend.name !== 'oci' || signal.aborted) return
      for (const binary of binaries) compiled.set(key(binary.name, binary.platform), binary)
      const platforms = new Set(binaries.map(({ platform }) => platform))
      for (const platform of platforms) {
        for (const image of plan.images) {
          const names = binariesOf(image.spec)
          const isReady = names.length > 0 && names.every(name => compiled.has(key(name, platform)))
          const isNew = binaries.some(one => one.platform === platform && names.includes(one.name))
          if (isReady && isNew) waiting.push(() => pack(image, platform))
        }
      }
      next()
    },
    async finish() {
      waiting.length = 0
      await Promise.all(packing)
      await Promise.all(uploading)
    },
    async abandon() {
      waiting.length = 0
      controller.abort()
      // The uploads end with the connections.
      await Promise.all(packing)
    },
  }
}

interface AheadContext {
  readonly plan: Pick<Plan, 'compile' | 'compression' | 'images'>
  readonly registries: RegistryClient
  readonly signal: AbortSignal
}

/** Keeps a promise among others until it has ended, however it does. */
function track(all: Set<Promise<void>>, work: Promise<void> | undefined): Promise<void> {
  const ended = Promise.resolve(work)
    .catch(() => {})
    .then(() => {
      all.delete(ended)
    })
  all.add(ended)
  return ended
}
