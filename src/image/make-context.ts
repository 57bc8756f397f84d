import type { Platform } from '../platforms.ts'
import type { Recorder } from '../recorder.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { Artifact, BaseChoice, ImageFile, ImageSpec } from '../types.ts'
import type { ImageSettings } from './image-plan.ts'

/** What making an image needs in addition to its plan. */
export interface MakeContext {
  readonly plan: ImageSettings
  /** The run's temporary folder. */
  readonly work: string
  /** The folder of the full logs. */
  readonly logs: string
  readonly artifacts: readonly Artifact[]
  readonly registries: RegistryClient
  readonly recorder: Recorder
  readonly signal: AbortSignal
  /** What docker buildx makes the images with, where that makes them: a change of it may change them. */
  readonly builder?: Readonly<Partial<Record<'name' | 'driver' | 'buildx' | 'buildkit', string>>> | undefined
  /** The digests of blobs that a registry had not, and that were uploaded before the images are made. */
  readonly uploaded?: ReadonlySet<string>
}

/** An image that was made, as a report has it. */
export interface ReportedImage {
  readonly name: string
  readonly backend: 'buildx' | 'oci'
  readonly base: BaseChoice & { readonly digest?: string }
  readonly tags: readonly string[]
  /** Where it went: references, paths. */
  readonly destinations: readonly string[]
  /** Digest of the image index; absent for an output of buildx that is no image. */
  readonly digest?: string
  /** Digest of its config, as `docker images` names it; of an image of one platform alone. */
  readonly imageId?: string
  /** The names of its binaries, those of the report's artifacts. */
  readonly binaries: readonly string[]
  readonly platforms: readonly ReportedPlatform[]
  /** What read it back and found every platform and binary right; absent where nothing could be read back. */
  readonly verified?: string
  /** Why a pushed image could not be read back: the push itself went well. */
  readonly notReadBack?: string
  readonly compressor?: string
}

/** One platform of an image. Sizes are bytes of config and compressed layers: what a pull moves. */
export interface ReportedPlatform {
  readonly platform: string
  readonly digest: string
  readonly size?: number
  /** What it was when this checkout last sent the image to the same place. */
  readonly previousSize?: number
}

/** An image that was made. */
export interface MadeImage {
  readonly reported: ReportedImage
  /** Moves the tags of a push, where they have not been moved yet. @throws {Failure} registry */
  readonly publish?: () => Promise<void>
  /** Keeps what it was made of, for a build of the same; called once it was read back. */
  readonly remember?: () => Promise<void>
  /** Has the next build make it again; called where it was not made, and is not right any more. */
  readonly forget?: () => Promise<void>
  /** The layers that xbuild itself made the image of, by platform. */
  readonly packed: readonly PackedLayer[]
  /** The digests of the blobs that a registry had not, where xbuild itself pushed. */
  readonly uploaded?: ReadonlySet<string>
}

/** A layer that holds a platform's binary and the other files of the spec. */
export interface PackedLayer {
  readonly platform: Platform
  /** Of its compressed form, `sha256:…`. */
  readonly digest: string
  /** Of its tar stream. */
  readonly diffId: string
}

/** The names of the artifacts that an image has. */
export function binariesOf({ files }: Pick<ImageSpec, 'files'>): string[] {
  return files.flatMap(({ source }) => ('artifact' in source ? [source.artifact] : []))
}

/** The file on this machine that a file of a platform's own is made of. */
export function platformFile({ artifacts }: Pick<MakeContext, 'artifacts'>) {
  return (file: ImageFile, platform: Platform): { path: string; sha256?: string } => {
    const { source } = file
    if ('paths' in source) return { path: source.paths[platform.id] ?? '' }
    if (!('artifact' in source)) throw new Error(`${file.target} is of all platforms`)
    const artifact = artifacts.find(item => item.platform === platform && item.name === source.artifact)
    if (!artifact) throw new Error(`no artifact ${source.artifact} for ${platform.id}`)
    return { path: artifact.path, sha256: artifact.sha256 }
  }
}
