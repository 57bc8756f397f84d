import { checkBasePlatforms } from '../base/choose.ts'
import { confirmBase } from '../base/confirm.ts'
import { isRegistryBase, isUnreachable, lookUpBase } from '../base/lookup.ts'
import { type Failure, isFailure } from '../errors.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import type { Recorder } from '../recorder.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { Artifact } from '../types.ts'
import { count } from '../util/format.ts'
import type { Plan } from './plan.ts'

/** The id of this task in the list that a run shows. */
export const basesTaskId = 'base'

/**
 * Looks up the bases of a plan while the compilers run, so that a platform which a base lacks ends the build early. A
 * registry that cannot be asked from here is a warning only: the builder may reach it another way.
 * @param isElsewhere whether the builder has a base that no registry has
 * @throws {Failure} usage, when a base lacks a platform; registry, when there is no such image.
 */
export async function checkBases(
  { images, platforms }: Pick<Plan, 'images' | 'platforms'>,
  registries: RegistryClient,
  recorder: Recorder,
  isElsewhere: (reference: string) => Promise<boolean> = async () => false,
): Promise<void> {
  const references = new Set(images.map(({ spec }) => spec.base.reference).filter(isRegistryBase))
  await recorder.task(basesTaskId, async task => {
    const found: string[] = []
    const unreachable: Failure[] = []
    for (const reference of references) {
      try {
        const base = await lookUpBase(reference, registries)
        checkBasePlatforms(reference, platforms, base.platforms)
        found.push(`${reference}, ${count(base.platforms.length, 'platform')}`)
      } catch (error) {
        if (isUnreachable(error)) unreachable.push(error)
        else if (isFailure(error, 'registry') && (await isElsewhere(reference)))
          found.push(`${reference}, which the engine has`)
        else throw error
      }
    }
    for (const { what, why } of unreachable) {
      recorder.note('warning', `the base image could not be looked up: ${what}${why ? ` (${why})` : ''}`)
    }
    if (unreachable[0]) task.skip(unreachable[0].message)
    else task.detail(found.join('; ') || 'made here')
  })
}

/**
 * The plan's image with the digest of its base, where `--pin` asks for it.
 * @throws {Failure} registry, when the base cannot be looked up.
 */
export async function pinBase(image: ImagePlan, registries: RegistryClient): Promise<ImagePlan> {
  const { base } = image.spec
  if (!image.image.pin || !isRegistryBase(base.reference) || base.reference.includes('@')) return image
  const { digest } = await lookUpBase(base.reference, registries)
  return { ...image, spec: { ...image.spec, base: { ...base, digest } } }
}

/**
 * The plan's images on the bases that the compiled binaries really need; a base other than the predicted one is said.
 * @throws {Failure} verification, when a base cannot run a binary; usage, when the new base lacks a platform.
 */
export function confirmBases(
  { images, platforms }: Pick<Plan, 'images' | 'platforms'>,
  artifacts: readonly Artifact[],
  registries: RegistryClient,
  recorder: Recorder,
): Promise<ImagePlan[]> {
  const confirmed = images.map(image => {
    const { spec, executable } = image
    const binaries = artifacts.filter(artifact => artifact.name === executable.name)
    const base = confirmBase(spec.base, binaries, { registry: image.image.registry, platforms })
    const onBase = { ...image, spec: { ...spec, base } }
    if (base.reference === spec.base.reference) return onBase
    recorder.note(
      'info',
      `${spec.name} needs the base ${base.reference} instead of ${spec.base.reference}: ${base.reason}`,
    )
    return pinBase(onBase, registries)
  })
  return Promise.all(confirmed)
}
