import type { Plan } from '../build/plan.ts'
import type { Recorder } from '../build/report.ts'
import type { Artifact, BaseChoice } from '../types.ts'
import { baseFor, checkBasePlatforms, checkBaseServes } from './choose.ts'
import { pinBase } from './lookup.ts'

/**
 * The plan's images on the bases that the compiled binaries really need. A chosen base must serve them; a predicted one
 * is replaced, aloud, where the binaries say otherwise.
 * @throws {Failure} verification, when a base cannot run a binary; usage, when the new base lacks a platform.
 */
export async function confirmBases(
  { images, ...plan }: Plan,
  artifacts: readonly Artifact[],
  { emit }: Recorder,
  signal: AbortSignal,
): Promise<Plan> {
  const confirmed = images.map(image => {
    const { spec, options, executable } = image
    const binaries = artifacts.filter(artifact => artifact.name === executable.name)
    if (!spec.base.predicted) {
      checkBaseServes(spec.base.reference, binaries, { registry: options.registry })
      return image
    }
    const base = baseFor(binaries, { registry: options.registry })
    if (base.reference === spec.base.reference) {
      return { ...image, spec: { ...spec, base: { ...spec.base, ...base } } }
    }
    checkBasePlatforms(base.reference, plan.platforms)
    emit({ type: 'note', level: 'info', text: changedBase(spec.name, spec.base, base) })
    return pinBase({ ...image, spec: { ...spec, base } }, signal)
  })
  return { ...plan, images: await Promise.all(confirmed) }
}

function changedBase(name: string, predicted: BaseChoice, found: BaseChoice): string {
  return `${name} goes on ${found.reference}, not on ${predicted.reference} as predicted: ${found.reason}`
}
