import { checkBasePlatforms, predictBase } from '../base/choose.ts'
import { knownBase } from '../base/known.ts'
import { inImage } from '../config/locate.ts'
import type { Lock } from '../config/lock-file.ts'
import type { Options } from '../config/options.ts'
import { checkDistinctPlaces } from '../image/destination.ts'
import type { ImagePlan, ImageSettings } from '../image/image-plan.ts'
import { languages } from '../languages/index.ts'
import type { CompilePlan, Project } from '../languages/language.ts'
import type { Platform } from '../platforms.ts'
import type { Command, SourceInfo } from '../types.ts'
import { checkInstalls } from './installs.ts'
import { lockBase, lockRemarks } from './locked-bases.ts'
import { planOnBuilder } from './on-builder/plan-compile.ts'
import type { StageFacts } from './on-builder/stage.ts'
import { chosenBase, planImage } from './plan-image.ts'
import { checkDistinct, choiceRemark, type WantedImage, wantedImages } from './wanted-images.ts'

/** What a build will do, before it does it. `xbuild plan` prints it and `xbuild build` runs it. */
export interface Plan extends ImageSettings {
  readonly project: Project
  /** Whether what the toolchain lacks may be added to this machine. */
  readonly installs: Options['installs']
  readonly source: SourceInfo
  readonly platforms: readonly Platform[]
  /** What is run before the project is read; by the time of a plan that has been done, or was not asked for. */
  readonly before: readonly Command[]
  readonly compile: CompilePlan
  readonly lock: Lock
  /** Whether this checkout was built before by the same toolchain. */
  readonly warm: boolean
  /** What a person should know of the project and of what was chosen for them. */
  readonly remarks: readonly string[]
  readonly images: readonly ImagePlan[]
  /** The backend that was asked for. */
  readonly backend: 'auto' | 'buildx' | 'oci'
  /** The folder that keeps the binaries and, where no other place is named, the images. */
  readonly dist: string
}

/** What planning needs to know of the world; read beforehand, so that planning itself is pure. */
export interface PlanFacts {
  readonly project: Project
  readonly source: SourceInfo
  /** Whether this machine has built the project before with the same toolchain. */
  readonly warm: boolean
  /** Processors of this machine. */
  readonly processors: number
  /** The folder that xbuild was called in. */
  readonly cwd: string
  /** For the toolchain's caches, where the project's folder cannot be written. */
  readonly caches?: string
  /** Set where the builder compiles. */
  readonly onBuilder?: StageFacts
}

/**
 * Plans a build: which executables, how they are compiled, which images they become and where those go. Pure.
 * @throws {Failure} project or usage, when what is asked for cannot be done; nothing has been compiled by then.
 */
export function planBuild(facts: PlanFacts, options: Options): Plan {
  const { project, source } = facts
  const { platforms, backend, buildx, compression, verify, offline, lock, dist, dir: root } = options
  const wanted = wantedImages(project, options)
  const executables = [...new Set(wanted.flatMap(image => image.executables))]
  checkDistinct(executables)
  const request = {
    platforms,
    executables,
    options: options.language,
    toolchainArgs: options.toolchainArgs,
    source,
    jobs: options.jobs,
    processors: facts.processors,
    warm: facts.warm,
    countsCache: facts.onBuilder === undefined,
    ...(facts.caches && { caches: facts.caches }),
  }
  const compile = facts.onBuilder
    ? planOnBuilder(project, request, options, {
        ...facts.onBuilder,
        cached: cachedImage(wanted[0], source, options),
        cwd: facts.cwd,
      })
    : languages[project.language].compile(project, request)
  checkInstalls({ project, compile, installs: options.installs })
  const images = wanted.map(
    (item): ImagePlan =>
      inImage(item.name, () => {
        const { base: chosen, registry } = item.image
        const named = chosen ? chosenBase(chosen) : predictBase(compile.prediction, { registry })
        const base = lockBase(named, lock)
        checkBasePlatforms(base.reference, platforms)
        return planImage(item, base, source, options)
      }),
  )
  const bases = images.map(({ spec }) => spec.base)
  const remarks = [
    ...project.remarks,
    ...choiceRemark(project, options, executables),
    ...lockRemarks(bases, lock),
    ...images.flatMap(rootRemark),
  ]
  checkDistinctPlaces(images.map(({ spec: { name, tags }, destinations }) => ({ name, tags, destinations })))
  return {
    project,
    installs: options.installs,
    source,
    platforms,
    before: options.before,
    lock,
    compile,
    warm: facts.warm,
    remarks,
    images,
    backend,
    buildx,
    compression,
    verify,
    offline,
    dist,
    root,
    cwd: facts.cwd,
  }
}

/** The image whose caches a compile on the builder uses; which base it has is all the same. */
function cachedImage(item: WantedImage | undefined, source: SourceInfo, options: Options) {
  if (!item) return { name: 'image', tags: [], destinations: [] }
  const base = { reference: 'scratch', family: 'scratch', predicted: true, reason: '' } as const
  const { spec, destinations } = planImage(item, base, source, options)
  return { name: spec.name, tags: spec.tags, destinations }
}

/** A base such as alpine's runs programs as root, which distroless does not. */
function rootRemark({ spec: { name, base, config } }: ImagePlan): string[] {
  if (config.user !== undefined || !knownBase(base.reference).runsAsRoot) return []
  return [`${base.reference} runs ${name} as root: --user 65532:65532, or [image] user, says otherwise`]
}
