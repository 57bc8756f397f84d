import { predictBase } from '../base/choose.ts'
import { isRegistryBase } from '../base/lookup.ts'
import type { Options } from '../config/options.ts'
import { Failure, isFailure } from '../errors.ts'
import { type BuilderFacts, inspectBuilder } from '../image/buildx/builder.ts'
import type { BuilderNode } from '../image/buildx/nodes.ts'
import type { FileKind } from '../lint/find-files.ts'
import { isReference, type Reference } from '../oci/reference.ts'
import type { Platform } from '../platforms.ts'
import { createRegistryClient, type RegistryClient } from '../registry/client.ts'
import { sharedLimit, within } from './deadline.ts'
import { type EngineFacts, readEngine } from './engine.ts'
import type { Machine } from './machine.ts'
import { readNodes } from './nodes.ts'
import { type ProjectFacts, readProject, repositoriesOf } from './project.ts'
import { type LintableFile, readLintable } from './project-files.ts'

/** What checks look at. What several of them need is read once; where that fails, each of them gets the failure. */
export interface Surroundings {
  /** Absolute folder of the project. */
  readonly dir: string
  readonly env: NodeJS.ProcessEnv
  /** Aborted at the end of the check's time. */
  readonly signal: AbortSignal
  readonly machine: Machine
  /** As a build would have them; the failure where xbuild.toml, a flag or a variable is wrong. */
  readonly options: Options | Failure
  readonly platforms: readonly Platform[]
  /** Registries that may be called without TLS. */
  readonly insecure: readonly string[]
  /** `--image`. */
  readonly image: string | undefined
  readonly builder: () => Promise<BuilderFacts | Failure>
  /** The nodes of the builder that a build would use; none where there is no builder. */
  readonly nodes: () => Promise<readonly BuilderNode[]>
  readonly engine: () => Promise<EngineFacts | Failure>
  /** The Dockerfiles of the project, or the CI files of its repository. */
  readonly files: (kind: FileKind) => Promise<readonly LintableFile[]>
  readonly project: () => Promise<ProjectFacts | Failure>
  /** The repositories that the images are for; none where no tag says it. */
  readonly repositories: () => Promise<readonly Reference[]>
  /** The bases that xbuild itself would take from registries. */
  readonly bases: () => Promise<readonly string[]>
  /** Gives up after one attempt, and when a registry is silent. */
  readonly registries: RegistryClient
  close(): Promise<void>
}

/** What surroundings are made of. */
export type Given = Pick<
  Surroundings,
  'dir' | 'env' | 'machine' | 'options' | 'platforms' | 'image' | 'insecure' | 'signal'
>

export function readSurroundings(given: Given): Surroundings {
  const { dir, env, options, signal, machine, insecure } = given
  const isSettled = !(options instanceof Failure)
  const files = new Map<FileKind, Promise<readonly LintableFile[]>>()
  const registries = createRegistryClient({
    signal,
    env,
    insecure,
    timeout: Math.floor(sharedLimit),
    retry: { attempts: 1 },
  })
  const builder = once(() =>
    asked('The builder of buildx does not answer', 'docker buildx ls lists the builders', signal, signal =>
      inspectBuilder({
        builder: isSettled ? options.buildx.builder : undefined,
        cwd: dir,
        load: true,
        instead: '--backend oci',
        signal,
      }),
    ),
  )
  const nodes = once(() =>
    within<readonly BuilderNode[]>(
      sharedLimit,
      signal,
      signal => readNodes(dir, isSettled ? options.buildx.builder : undefined, signal),
      () => [],
    ),
  )
  const engine = once(() =>
    asked('The Docker engine does not answer', 'sudo systemctl restart docker', signal, signal =>
      readEngine(dir, machine.now, signal),
    ),
  )
  const project = once(() =>
    isSettled
      ? asked('The toolchain does not answer', 'xbuild plan shows what it is asked', signal, signal =>
          readProject(options, signal),
        )
      : Promise.resolve(options),
  )
  return {
    ...given,
    registries,
    builder,
    nodes,
    engine,
    project,
    files: kind => {
      const reading = files.get(kind) ?? readLintable(dir, kind, signal)
      files.set(kind, reading)
      return reading
    },
    repositories: async () => {
      if (!isSettled) return []
      const found = await project()
      if (!(found instanceof Failure)) return repositoriesOf(found.images)
      return repositoriesOf(
        [options.image, ...Object.values(options.images)].map(image => ({ name: '{name}', image })),
      )
    },
    bases: async () => {
      if (!isSettled) return []
      const found = await project()
      const images = found instanceof Failure ? [options.image] : found.images.map(({ image }) => image)
      return [
        ...new Set(
          images.map(({ base, registry }) => base ?? predictBase(unknownLibc, { registry }).reference),
        ),
      ].filter(reference => isRegistryBase(reference) && isReference(reference))
    },
    close: () => registries.close(),
  }
}

/** All bases of distroless have the same platforms, so the smallest one speaks for them. */
const unknownLibc = { libc: 'none', cxx: false, reason: '' } as const

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => {
    reading ??= read()
    return reading
  }
}

/** Its answer, or why there is none; one that does not come in time is a failure too. */
async function asked<T>(
  what: string,
  fix: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | Failure> {
  const late = () => new Failure({ kind: 'tool', what, why: `no answer within ${sharedLimit} s`, fix })
  const caught = (signal: AbortSignal) =>
    work(signal).catch((error): Failure => {
      if (isFailure(error) && error.kind !== 'interrupted') return error
      throw error
    })
  return within<T | Failure>(sharedLimit, signal, caught, late)
}
