import { resolveOptions } from '../../../src/config/options.ts'
import type { EngineFacts } from '../../../src/doctor/engine.ts'
import { type Machine, thisMachine } from '../../../src/doctor/machine.ts'
import { readLintable } from '../../../src/doctor/project-files.ts'
import type { Surroundings } from '../../../src/doctor/surroundings.ts'
import { Failure } from '../../../src/errors.ts'
import type { BuilderFacts } from '../../../src/image/buildx/builder.ts'
import type { BuilderNode } from '../../../src/image/buildx/nodes.ts'
import { parseReference } from '../../../src/oci/reference.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import { createRegistryClient } from '../../../src/registry/client.ts'
import { project } from '../../support/projects.ts'

/** What a test puts in the place of what is right. */
export interface Changes {
  readonly files?: Readonly<Record<string, string>>
  readonly flags?: Parameters<typeof resolveOptions>[0]
  readonly env?: NodeJS.ProcessEnv
  readonly machine?: Partial<Machine>
  readonly platforms?: readonly string[]
  readonly options?: Failure
  readonly image?: string
  readonly builder?: Partial<BuilderFacts> | Failure
  readonly engine?: Partial<EngineFacts> | Failure
  readonly nodes?: readonly Partial<BuilderNode>[]
  readonly project?: Awaited<ReturnType<Surroundings['project']>>
  readonly repositories?: readonly string[]
  readonly bases?: readonly string[]
  readonly registries?: Partial<Surroundings['registries']>
}

/** Failures in the words of the places that throw them. */
export const gone = new Failure({
  kind: 'image',
  what: 'The builder of buildx does not answer',
  why: 'Cannot connect to the Docker daemon',
  fix: 'sudo systemctl start docker',
})
export const hanging = new Failure({
  kind: 'tool',
  what: 'It does not answer',
  why: 'no answer within 4.5 s',
  fix: 'x',
})

const ableBuilder: BuilderFacts = {
  name: 'ci',
  driver: 'docker-container',
  buildx: '0.29.1',
  buildkit: 'v0.25.0',
  endpoint: 'unix:///var/run/docker.sock',
  nodes: 1,
  running: true,
  platforms: ['linux/amd64', 'linux/arm64'],
  asked: [],
  containerdStore: true,
  hostNetwork: true,
  loadsSeveral: true,
}
const ableEngine: EngineFacts = {
  version: '29.0.0',
  context: 'default',
  hasProxy: false,
  containerdStore: true,
}
const runningNode: BuilderNode = {
  name: 'ci0',
  endpoint: 'default',
  status: 'running',
  platforms: ['linux/amd64', 'linux/arm64'],
  asked: [],
  native: 'linux/amd64',
  driverOptions: '',
  config: '',
}

/** Surroundings in which all is well but for the changes. */
export async function around(changes: Changes = {}): Promise<Surroundings> {
  const dir = await project(changes.files ?? {})
  const env = changes.env ?? {}
  const signal = new AbortController().signal
  const settled = await resolveOptions({ dir, ...changes.flags }, env)
  const builder = changes.builder
  const engine = changes.engine
  return {
    dir,
    env,
    signal,
    machine: { ...thisMachine, arch: 'amd64', ...changes.machine },
    options: changes.options ?? settled,
    platforms: parsePlatforms(changes.platforms ?? ['linux/amd64', 'linux/arm64']),
    image: changes.image,
    insecure: [],
    builder: async () => (builder instanceof Failure ? builder : { ...ableBuilder, ...builder }),
    nodes: async () => (changes.nodes ?? [{}]).map(node => ({ ...runningNode, ...node })),
    engine: async () => (engine instanceof Failure ? engine : { ...ableEngine, ...engine }),
    files: kind => readLintable(dir, kind, signal),
    project: async () =>
      changes.project ?? new Failure({ kind: 'project', what: `There is no project in ${dir}` }),
    repositories: async () => (changes.repositories ?? []).map(parseReference),
    bases: async () => changes.bases ?? [],
    registries: { ...createRegistryClient({ retry: { attempts: 1 } }), ...changes.registries },
    close: async () => {},
  }
}
