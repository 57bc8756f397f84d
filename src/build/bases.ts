import { checkBaseFloat, checkBasePlatforms } from '../base/choose.ts'
import { confirmBase } from '../base/confirm.ts'
import { type BaseLookup, isRegistryBase, isUnreachable } from '../base/lookup.ts'
import { servingPlatform } from '../base/serving-platform.ts'
import { type Failure, isFailure } from '../errors.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { isLocalBase } from '../oci/local-base.ts'
import type { Platform } from '../platforms.ts'
import type { Recorder } from '../recorder.ts'
import type { Artifact, BaseChoice } from '../types.ts'
import { count } from '../util/format.ts'
import { lockBase, lockRemarks } from './locked-bases.ts'
import type { Plan } from './plan.ts'

/** The id of this task in the list that a run shows. */
export const basesTaskId = 'base'

/** Where a base is that its registry does not give. @throws {Failure} registry, when it is nowhere. */
export type FindElsewhere = (image: ImagePlan, error: Failure) => Promise<string>

/**
 * Looks up the bases of a plan, so that a platform which a base lacks, or a base that cannot be had, ends the build early.
 * @throws {Failure} usage, when a base lacks a platform; registry, when there is no such image, or no way to it.
 */
export async function checkBases(
  { images, platforms }: Pick<Plan, 'images' | 'platforms'>,
  lookUpBase: BaseLookup,
  recorder: Recorder,
  findElsewhere: FindElsewhere,
): Promise<void> {
  const distinct = new Map(images.map(image => [pinnedReference(image.spec.base), image]))
  await recorder.task(basesTaskId, async task => {
    const found: string[] = []
    for (const [reference, image] of distinct) {
      if (!isRegistryBase(reference)) {
        found.push(await describeLocalBase(reference))
        continue
      }
      try {
        const base = await lookUpBase(reference)
        checkBasePlatforms(reference, platforms, base.platforms)
        found.push(`${reference}, ${count(base.platforms.length, 'platform')}`)
        for (const text of lowerVariants(reference, platforms, base.platforms)) recorder.note('info', text)
      } catch (error) {
        if (!isFailure(error, 'registry')) throw error
        found.push(`${reference}, ${await findElsewhere(image, error)}`)
        if (!isUnreachable(error)) continue
        const why = error.why ? ` (${error.why})` : ''
        recorder.note('warning', `the base image could not be looked up: ${error.what}${why}`)
      }
    }
    task.detail(found.join('; '))
  })
}

/** Where the base's image is for another platform than expected; that linux/amd64 serves its variants is. */
function lowerVariants(reference: string, platforms: readonly Platform[], held: readonly string[]): string[] {
  return platforms.flatMap(platform => {
    const serving = servingPlatform(platform, held)
    if (serving === undefined || serving === platform.id || serving === platform.baseline) return []
    return `${reference} has no image for ${platform.id}: the one for ${serving} is taken, as docker does`
  })
}

/** @throws {Failure} usage, for the path of something that is no image. */
async function describeLocalBase(reference: string): Promise<string> {
  if (!isLocalBase(reference) || reference === 'builtin') return 'made here'
  const { openImage } = await import('../image/read/source.ts')
  const source = await openImage(reference)
  await source.close()
  return reference
}

/** With the digest that it is pinned to. */
function pinnedReference({ reference, digest }: BaseChoice): string {
  return digest === undefined ? reference : `${reference}@${digest}`
}

/**
 * The plan's image with the digest of its base, where `--pin` asks for it.
 * @throws {Failure} registry, when the base cannot be looked up.
 */
export async function pinBase(image: ImagePlan, lookUpBase: BaseLookup): Promise<ImagePlan> {
  const { base } = image.spec
  if (!image.image.pin || base.digest !== undefined) return image
  if (!isRegistryBase(base.reference) || base.reference.includes('@')) return image
  const { digest } = await lookUpBase(base.reference)
  return { ...image, spec: { ...image.spec, base: { ...base, digest } } }
}

/**
 * An image for a builder with the digest of its base, so that what is built on is what was looked up, and the annotation
 * tells the truth of it. By its tag where the registry does not say: the builder may have another way to it.
 */
export async function withKnownDigest(image: ImagePlan, lookUpBase: BaseLookup): Promise<ImagePlan> {
  try {
    return {
      ...(await pinBase({ ...image, image: { ...image.image, pin: true } }, lookUpBase)),
      image: image.image,
    }
  } catch (error) {
    if (!isFailure(error, 'registry')) throw error
    return image
  }
}

/**
 * The plan's images on the bases that the compiled binaries really need; a base other than the predicted one is said.
 * @throws {Failure} verification, when a base cannot run a binary; usage, when the new base lacks a platform.
 */
export function confirmBases(
  { images, platforms, lock, offline }: Pick<Plan, 'images' | 'platforms' | 'lock' | 'offline'>,
  artifacts: readonly Artifact[],
  lookUpBase: BaseLookup,
  recorder: Recorder,
): Promise<ImagePlan[]> {
  const confirmed = images.map(async image => {
    const { spec, executables } = image
    const names = new Set(executables.map(({ name }) => name))
    const binaries = artifacts.filter(artifact => names.has(artifact.name))
    const base = confirmBase(spec.base, binaries, { registry: image.image.registry, platforms })
    if (!offline) await checkLoaders(base, binaries, lookUpBase)
    if (base.reference === spec.base.reference) return { ...image, spec: { ...spec, base } }
    const onBase = { ...image, spec: { ...spec, base: lockBase(base, lock) } }
    recorder.note(
      'info',
      `${spec.name} needs the base ${base.reference} instead of ${spec.base.reference}: ${base.reason}`,
    )
    for (const text of lockRemarks([onBase.spec.base], lock)) recorder.note('info', text)
    return pinBase(onBase, lookUpBase)
  })
  return Promise.all(confirmed)
}

/** What a registry that cannot be asked would say, the in-process backend finds in the base itself. */
async function checkLoaders(
  base: BaseChoice,
  binaries: readonly Artifact[],
  lookUpBase: BaseLookup,
): Promise<void> {
  const dynamic = binaries.filter(({ platform, elf }) => platform.arch === 'arm' && elf.linkage === 'dynamic')
  if (dynamic.length === 0 || !isRegistryBase(base.reference)) return
  const index = await lookUpBase(pinnedReference(base)).catch(() => undefined)
  if (index) checkBaseFloat(base.reference, dynamic, index.platforms)
}
