import type { ImageBinary } from '../binary/needs.ts'
import type { Platform } from '../platforms.ts'
import type { BaseChoice } from '../types.ts'
import { baseFor, checkBasePlatforms, checkBaseServes } from './choose.ts'
import type { DistrolessOptions } from './known.ts'

/**
 * The base that compiled binaries really need: the chosen one, which must serve them, or for a predicted one the smallest
 * that does.
 * @throws {Failure} verification, when a base cannot run a binary; usage, when the new base lacks a platform.
 */
export function confirmBase(
  base: BaseChoice,
  binaries: readonly ImageBinary[],
  { platforms, ...options }: DistrolessOptions & { readonly platforms: readonly Platform[] },
): BaseChoice {
  if (!base.predicted) {
    checkBaseServes(base.reference, binaries, options)
    return base
  }
  const needed = baseFor(binaries, options)
  if (needed.reference === base.reference) return { ...base, ...needed }
  checkBasePlatforms(needed.reference, platforms)
  return needed
}
