import type { ImageOptions } from '../config/image-options.ts'
import type { BuildxOptions } from '../config/options.ts'
import type { Executable } from '../languages/language.ts'
import type { ImageSpec } from '../types.ts'
import type { Destination } from './destination.ts'

/** One image of a plan. */
export interface ImagePlan {
  /** The programs in it, the one that it runs first. */
  readonly executables: readonly Executable[]
  readonly spec: ImageSpec
  /** What was asked of it: `[image]` or `[images.NAME]` with the flags on top. */
  readonly image: ImageOptions
  readonly destinations: readonly Destination[]
  /** The text of the user's own Dockerfile template, where there is one. */
  readonly template?: string
}

/** What is the same for all images of a build. */
export interface ImageSettings {
  /** Absolute folder of the project, which `[image] files` lie in. */
  readonly root: string
  /** The folder that xbuild was called in, which buildx resolves relative paths of its own values against. */
  readonly cwd: string
  readonly buildx: BuildxOptions
  /** Of the layers that xbuild adds. */
  readonly compression: 'gzip' | 'zstd'
  /** Whether no registry is asked for the base. */
  readonly offline?: boolean
  /** Whether a pushed image that cannot be read back fails the build; by default it is a warning. */
  readonly verify?: 'warn' | 'strict'
}

/** The id of an image's task in the list that a run shows. */
export function imageTaskId({ spec }: Pick<ImagePlan, 'spec'>): string {
  return `image:${spec.name}`
}
