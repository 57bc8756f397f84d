import { isUnreachable } from '../base/lookup.ts'
import { Failure } from '../errors.ts'
import { isInEngine } from '../image/buildx/engine-image.ts'
import { builderMisses } from '../image/buildx/reaches-base.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import type { Platform } from '../platforms.ts'
import type { Backend } from './backend.ts'

/** Where a base may be had besides from its registry. */
interface Elsewhere {
  readonly backend: Backend
  readonly platforms: readonly Platform[]
  readonly cwd: string
  readonly signal: AbortSignal
}

/**
 * Where a base is that its registry does not give xbuild: in its cache, in the engine, or wherever the builder finds it.
 * @throws {Failure} registry, when it is nowhere: the image cannot be made, so nothing need be compiled for it. That there
 * is no such image, every registry may say; only an engine knows it better.
 */
export async function findElsewhere(
  image: ImagePlan,
  error: Failure,
  { backend, platforms, cwd, signal }: Elsewhere,
): Promise<string> {
  const { base } = image.spec
  if (backend.name === 'buildx' && (await isInEngine(base.reference, backend.builder, { cwd, signal })))
    return 'which the engine has'
  if (!isUnreachable(error)) throw error
  if (backend.name === 'oci') {
    const { isBaseCached } = await import('../image/writer/cached-base.ts')
    const layers = image.destinations.some(({ type }) => type !== 'push')
    if (await isBaseCached(base, { platforms, layers })) return 'which xbuild’s cache has'
    throw notToBeHad(image, error, 'xbuild’s cache does not have it')
  }
  const { builder } = backend
  const reference = base.digest === undefined ? base.reference : `${base.reference}@${base.digest}`
  const why = await builderMisses(reference, builder, { platforms, cwd, signal })
  if (why === undefined) return `which the builder ${builder.name} finds`
  throw notToBeHad(image, error, why)
}

function notToBeHad({ spec: { base } }: ImagePlan, error: Failure, elsewhere: string): Failure {
  return new Failure({
    kind: 'registry',
    what: `The base image ${base.reference} cannot be had: ${error.what}`,
    where: error.where,
    why: [error.why, elsewhere].filter(Boolean).join('\n'),
    fix: [
      ...(error.fix ? [error.fix] : []),
      '--base builtin --backend oci, which need no registry: for static binaries',
      base.predicted
        ? '--base-registry MIRROR, a mirror of gcr.io/distroless'
        : '--base IMAGE, where a mirror has it',
      '--offline, which compiles and tries without asking',
    ].join('\nor '),
    cause: error,
  })
}
