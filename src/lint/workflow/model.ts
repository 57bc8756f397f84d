import type { Span } from '../../dockerfile/model.ts'

/** A text of the file and where it is. */
export interface Value extends Span {
  readonly value: string
}

/** One build of an image: a docker/build-push-action step, a docker command, or a target of a bake file. */
export interface BuildCall extends Span {
  readonly kind: 'action' | 'command' | 'bake'
  /** Each item of platforms, cache-from, cache-to, tags and outputs. */
  readonly platforms: readonly Value[]
  readonly cacheFrom: readonly Value[]
  readonly cacheTo: readonly Value[]
  readonly tags: readonly Value[]
  readonly outputs: readonly Value[]
  readonly load: Value | undefined
  readonly push: Value | undefined
  readonly provenance: Value | undefined
  readonly noCache: Value | undefined
  readonly file: string | undefined
  readonly context: string | undefined
  readonly target: string | undefined
}

/** A step of a job. */
export interface Step extends Span {
  readonly id: string | undefined
  /** `owner/name@version`. */
  readonly uses: Value | undefined
  /** The comment after `uses`, where a pinned digest has its version. */
  readonly usesComment: string
  readonly run: string | undefined
  readonly builds: readonly BuildCall[]
  /** Its text as it is written. */
  readonly text: string
}

/** A job. */
export interface Job extends Span {
  readonly name: string
  /** Whether it has a matrix: several runs of it, side by side. */
  readonly matrix: boolean
  /** The runner's label, as it is written. */
  readonly runsOn: string
  readonly steps: readonly Step[]
  readonly text: string
}

/** A file of continuous integration, or a bake file, as the rules see it. */
export interface Workflow {
  readonly kind: 'github' | 'gitlab' | 'bake'
  readonly text: string
  readonly jobs: readonly Job[]
  /** The Dockerfile at a path from the root of the repository; undefined where there is none. */
  readonly readDockerfile: (path: string) => string | undefined
}

/** Whether an input says yes; undefined where only the run knows (`${{ … }}`). */
export function isTrue(value: Value | undefined): boolean | undefined {
  if (value === undefined) return false
  return value.value.includes('${{') ? undefined : /^(?:true|1|yes)$/i.test(value.value.trim())
}
