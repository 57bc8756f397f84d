import type { Options } from '../config/options.ts'
import { Failure, isFailure } from '../errors.ts'
import { type BuilderFacts, inspectBuilder } from '../image/buildx/builder.ts'
import { cacheValues } from '../image/buildx/cache.ts'
import { checkBuilder } from '../image/buildx/check-builder.ts'
import type { Destination } from '../image/destination.ts'
import { isLocalBase } from '../oci/local-base.ts'
import type { Plan } from './plan.ts'

/** What makes the images of a build. */
export type Backend =
  | { readonly name: 'buildx'; readonly builder: BuilderFacts }
  | {
      readonly name: 'oci'
      /** Why it is not buildx, where nobody asked for this backend. */
      readonly reason?: string
    }

/** The part of a plan that says what a backend must be able to do. */
type BackendPlan = Pick<Plan, 'images' | 'platforms' | 'backend' | 'buildx'>

/** What asking for a builder gave: its facts, why there is none, or undefined where nobody asks. */
export type FoundBuilder = BuilderFacts | Failure | undefined

/** Looks for the builder, unless the images are made without one. */
export async function readBuilder(
  { backend, buildx, dir, load }: Options,
  signal?: AbortSignal,
): Promise<FoundBuilder> {
  if (backend === 'oci') return undefined
  try {
    return await inspectBuilder({ builder: buildx.builder, cwd: dir, load, signal })
  } catch (error) {
    if (isFailure(error) && error.kind !== 'interrupted') return error
    throw error
  }
}

/**
 * Decides what makes the images: buildx where a builder can do all that is asked, else xbuild's own writer, which says
 * so. Pure.
 * @throws {Failure} when the backend that was asked for, or every backend, cannot do it.
 */
export function chooseBackend(plan: BackendPlan, builder: FoundBuilder): Backend {
  const ownBase = plan.images.map(image => image.spec.base.reference).find(isLocalBase)
  const refusal = ownRefusal(plan)
  if (plan.backend === 'oci') {
    if (refusal) throw refusal
    return { name: 'oci' }
  }
  const fault = ownBase === undefined ? builderFault(plan, builder) : localBaseNeedsOci(ownBase)
  if (fault === undefined) return { name: 'buildx', builder: builder as BuilderFacts }
  // A builder that was named is meant: nothing else takes its place.
  const named = ownBase === undefined && plan.buildx.builder !== undefined
  if (plan.backend === 'buildx' || named || refusal) throw fault
  return { name: 'oci', reason: fault.what }
}

function localBaseNeedsOci(reference: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `The base ${reference} is not in a registry`,
    why: 'docker buildx can only build on an image that it can pull; xbuild’s own backend builds on this one',
    fix: '--backend oci',
  })
}

function builderFault(plan: BackendPlan, builder: FoundBuilder): Failure | undefined {
  if (builder === undefined || builder instanceof Failure) return builder
  try {
    const destinations = plan.images.flatMap(image => image.destinations)
    const { provenance = 'false', sbom = 'false' } = plan.buildx
    const attestations = provenance !== 'false' || sbom !== 'false'
    const cacheTo = plan.images.flatMap(image => cacheValues(image.spec, image.destinations, plan.buildx).to)
    checkBuilder(builder, { platforms: plan.platforms, destinations, cacheTo, attestations })
    return undefined
  } catch (error) {
    if (isFailure(error)) return error
    throw error
  }
}

/** What only buildx can do, in the words of its flags. */
function ownRefusal({ images, buildx }: BackendPlan): Failure | undefined {
  const destinations = images.flatMap(image => image.destinations)
  const wanted = [
    ...(destinations.some(({ type }) => type === 'load') ? ['--load'] : []),
    ...destinations.filter(isBuildxOutput).map(({ value }) => `-o ${value}`),
    ...(buildx.cache === undefined ? [] : ['--cache']),
    ...(buildx.cacheFrom.length > 0 ? ['--cache-from'] : []),
    ...(buildx.cacheTo.length > 0 ? ['--cache-to'] : []),
    ...(buildx.provenance !== undefined && buildx.provenance !== 'false' ? ['--provenance'] : []),
    ...(buildx.sbom !== undefined && buildx.sbom !== 'false' ? ['--sbom'] : []),
    ...(buildx.metadataFile === undefined ? [] : ['--metadata-file']),
    ...(images.some(image => image.image.template !== undefined) ? ['[image] template'] : []),
  ]
  if (wanted.length === 0) return undefined
  return new Failure({
    kind: 'usage',
    what: `${wanted.join(', ')} ${wanted.length === 1 ? 'needs' : 'need'} docker buildx`,
    why: 'the in-process backend writes images; it has no engine, no build cache and no Dockerfile',
    fix: '--backend buildx',
  })
}

function isBuildxOutput(destination: Destination): destination is Extract<Destination, { type: 'buildx' }> {
  return destination.type === 'buildx'
}
