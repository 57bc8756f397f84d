import type { Backend } from '../build/backend.ts'
import type { ImagePlan } from '../build/plan.ts'
import type { Recorder, ReportedImage } from '../build/report.ts'
import type { Options } from '../config/options.ts'
import type { Platform } from '../platforms.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { Artifact, ImageFile } from '../types.ts'
import { shortPath } from '../util/paths.ts'
import { makeWithBuildx } from './buildx/make.ts'
import { makeWithOci } from './writer/make.ts'

/** What making an image is given besides its plan. */
export interface MakeContext {
  /** The run's temporary folder. */
  readonly work: string
  /** The folder of the full logs. */
  readonly logs: string
  readonly artifacts: readonly Artifact[]
  readonly options: Options
  readonly registries: RegistryClient
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

/** An image that was made. */
export interface MadeImage {
  readonly reported: ReportedImage
  /** The layers that xbuild itself made the image of, by platform. */
  readonly packed: readonly PackedLayer[]
}

/** A layer that holds a platform's binary and the other files of the spec. */
export interface PackedLayer {
  readonly platform: Platform
  /** Of its compressed form, `sha256:…`. */
  readonly digest: string
  /** Of its tar stream. */
  readonly diffId: string
}

/** The id of an image's task in the list that a run shows. */
export function imageTaskId({ spec }: ImagePlan): string {
  return `image:${spec.name}`
}

/**
 * Makes one image and puts it where the plan says.
 * @throws {Failure} image or registry, when the backend fails.
 */
export async function makeImage(
  image: ImagePlan,
  backend: Backend,
  context: MakeContext,
): Promise<MadeImage> {
  const { emit } = context.recorder
  const id = imageTaskId(image)
  emit({ type: 'start', id })
  try {
    const made = await (backend.name === 'oci' ? makeWithOci(image, context) : makeWithBuildx(image, context))
    const { destinations, backend: by } = made.reported
    emit({ type: 'done', id, detail: `${destinations.map(shortPath).join(', ')}, by ${by}` })
    return made
  } catch (error) {
    emit({ type: 'failed', id, detail: (error as Error).message })
    throw error
  }
}

/** The file on this machine that a file of the image is made of. */
export function hostFile({ artifacts }: MakeContext) {
  return (file: ImageFile, platform: Platform): { path: string; sha256?: string } => {
    const { source } = file
    if ('path' in source) return { path: source.path }
    const artifact = artifacts.find(item => item.platform === platform && item.name === source.artifact)
    if (!artifact) throw new Error(`no artifact ${source.artifact} for ${platform.id}`)
    return { path: artifact.path, sha256: artifact.sha256 }
  }
}
