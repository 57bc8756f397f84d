import { distrolessFamilies, distrolessReference } from '../base/known.ts'
import { isRegistryBase } from '../base/lookup.ts'
import type { Lock } from '../config/lock-file.ts'
import { Failure } from '../errors.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import type { BaseChoice, LibcPrediction } from '../types.ts'

/** Whether the lock file can say what a base is: an image of a registry without a digest of its own. */
export const canBeLocked = ({ reference }: BaseChoice) =>
  isRegistryBase(reference) && !reference.includes('@')

/** A base's name in the lock file: with its tag, which `alpine` alone leaves out. */
export const lockKey = (reference: string) =>
  /:[\w.-]+$/.test(reference) ? reference : `${reference}:latest`

/**
 * The base by the digest that the lock file has for it.
 * @throws {Failure} usage, under --locked, when it has none.
 */
export function lockBase(base: BaseChoice, lock: Lock): BaseChoice {
  if (!canBeLocked(base)) return base
  const digest = lock.digests?.get(lockKey(base.reference))
  if (digest !== undefined) return { ...base, digest }
  if (lock.required) throw notLocked(base, lock)
  return base
}

/** What a person should know of a lock file that does not have a base. */
export function lockRemarks(bases: readonly BaseChoice[], { digests }: Lock): string[] {
  const missing = bases.filter(base => canBeLocked(base) && base.digest === undefined)
  if (!digests || missing.length === 0) return []
  const names = [...new Set(missing.map(({ reference }) => reference))].join(', ')
  return [`xbuild.lock does not have ${names}, so it is built on as it is today: xbuild update adds it`]
}

/**
 * The references that the lock file of a project needs.
 * @param toolchains images that a builder compiles with
 */
export function basesToLock(
  images: readonly Pick<ImagePlan, 'spec' | 'image'>[],
  libc: LibcPrediction['libc'],
  toolchains: readonly string[] = [],
): string[] {
  const references = images.flatMap(({ spec: { base }, image: { registry } }) => {
    if (!canBeLocked(base)) return []
    // Which of the family a dynamic binary needs, only a compile tells.
    const certain = !base.predicted || libc === 'none' || libc === 'musl'
    return certain ? [base.reference] : distrolessFamilies.map(one => distrolessReference(one, { registry }))
  })
  return [...new Set([...references, ...toolchains.filter(reference => !reference.includes('@'))])].sort()
}

function notLocked({ reference, predicted }: BaseChoice, { path, digests }: Lock): Failure {
  return new Failure({
    kind: 'usage',
    what: digests ? `xbuild.lock does not have the base ${reference}` : 'There is no xbuild.lock',
    where: path,
    why: `--locked builds on no base whose digest is not in it${digests ? '' : `, such as ${reference}`}`,
    fix: `xbuild update, which writes it${
      predicted || !digests
        ? ''
        : `; where the compile chose this base, [image] base = "${reference}" before that`
    }`,
  })
}
