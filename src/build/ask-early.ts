import { distrolessReference } from '../base/known.ts'
import { type BaseLookup, isRegistryBase } from '../base/lookup.ts'
import type { Options } from '../config/options.ts'
import { isFailure } from '../errors.ts'
import { createCachedBaseLookup } from '../image/base-documents.ts'
import { pushWithTagsLast, withTagsByBuildx } from '../image/buildx/tags-last.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { formatRepository, parseReference, type Reference } from '../oci/reference.ts'
import type { Recorder } from '../recorder.ts'
import type { RegistryClient } from '../registry/client.ts'
import { isRefusal } from '../registry/failures.ts'
import type { Backend } from './backend.ts'
import { basesTaskId, checkBases, type FindElsewhere } from './bases.ts'
import { lockKey } from './locked-bases.ts'
import type { Plan } from './plan.ts'
import type { Prepared } from './prepare.ts'
import { findElsewhere } from './unreachable-base.ts'

/** What a build asks of registries before it makes an image. Each question is asked once, by whoever needs it first. */
export interface Questions {
  readonly lookUpBase: BaseLookup
  /** @see RegistryClient.checkPush */
  readonly checkPush: (reference: Reference) => Promise<unknown>
}

/** Nothing has been asked yet. */
export function createQuestions(registries: RegistryClient): Questions {
  const rights = new Map<string, Promise<unknown>>()
  return {
    lookUpBase: createCachedBaseLookup(registries),
    checkPush: reference => {
      const key = formatRepository(reference)
      const asked = rights.get(key) ?? registries.checkPush(reference)
      rights.set(key, asked)
      return asked
    },
  }
}

/**
 * Asks while the project is read what will probably be asked: who only waits for a registry costs no time. What comes of
 * it is seen by those who ask again.
 */
export function askEarly({ image, images, push, offline, lock }: Options, questions: Questions): void {
  if (offline) return
  const { base = distrolessReference('static', { registry: image.registry }) } = image
  const digest = lock.digests?.get(lockKey(base))
  const tags = push ? [image, ...Object.values(images)].flatMap(one => one.tags) : []
  const asked = [
    ...(isRegistryBase(base) ? [questions.lookUpBase(digest ? `${base}@${digest}` : base)] : []),
    ...tags.flatMap(repositoryOf).map(questions.checkPush),
  ]
  for (const question of asked) question.catch(() => {})
}

/** The repository of a tag as it was given; none where only the plan will know it. */
function repositoryOf(tag: string): Reference[] {
  const name = tag.replace(/:[^/]*$/, '')
  try {
    return name.includes('{') ? [] : [parseReference(name)]
  } catch {
    return [] // planning says what is wrong with it
  }
}

/**
 * Makes sure that the images may be pushed, before anything is compiled for them.
 * @throws {Failure} registry, when a registry refuses it; and when xbuild, which would push itself, cannot reach it. A
 * builder may reach one that this machine does not.
 */
async function checkPushRights(
  { images }: Pick<Plan, 'images'>,
  backend: Backend['name'],
  { checkPush }: Questions,
): Promise<void> {
  const references = images
    .flatMap(({ destinations }) => destinations)
    .flatMap(destination => (destination.type === 'push' ? destination.references : []))
  await Promise.all(
    references.map(async reference => {
      try {
        await checkPush(parseReference(reference))
      } catch (error) {
        if (backend === 'oci' || isRefusal(error)) throw error
      }
    }),
  )
}

/** What asking before a compile needs. */
interface Asking extends Prepared {
  readonly questions: Questions
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

/**
 * Whether the images can be made and pushed, as far as registries tell beforehand; under --offline nothing is asked.
 * @throws {Failure} registry or usage, when not.
 */
export async function askRegistries({ plan, backend, questions, recorder, signal }: Asking): Promise<void> {
  if (plan.offline) return recorder.task(basesTaskId, async task => task.skip('--offline'))
  const { platforms, cwd } = plan
  const elsewhere: FindElsewhere = (image, error) =>
    findElsewhere(image, error, { backend, platforms, cwd, signal })
  await Promise.all([
    checkBases(plan, questions.lookUpBase, recorder, elsewhere),
    checkPushRights(plan, backend.name, questions),
  ])
}

/**
 * The images as they can be pushed from here: where this machine does not reach a registry that the builder may reach,
 * buildx moves the tags, and that is said.
 * @throws {Failure} registry, when it refuses the push.
 */
export async function withReachedTags(
  images: readonly ImagePlan[],
  { checkPush }: Questions,
  recorder: Recorder,
): Promise<readonly ImagePlan[]> {
  const references = images.flatMap(({ destinations }) => pushWithTagsLast(destinations)?.references ?? [])
  try {
    await Promise.all(references.map(text => checkPush(parseReference(text))))
    return images
  } catch (error) {
    if (isRefusal(error) || !isFailure(error, 'registry')) throw error
    recorder.note(
      'warning',
      `this machine cannot push to ${error.where}, so docker buildx moves the tags of each image when it is made: ${error.why ?? error.what}`,
    )
    return withTagsByBuildx(images)
  }
}
