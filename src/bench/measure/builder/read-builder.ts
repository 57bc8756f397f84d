import { isFailure } from '../../../errors.ts'
import { type BuilderFacts, inspectBuilder } from '../../../image/buildx/builder.ts'
import { run } from '../../../process.ts'
import { hostArch } from '../../../util/host-arch.ts'
import type { Builder } from '../job.ts'

/**
 * The builder that the Dockerfile paths use, with what a reader of the figures must know of it.
 * @throws {Failure} tool or image, when there is none that answers.
 */
export async function readBenchBuilder(
  name: string | undefined,
  cwd: string,
  signal: AbortSignal,
): Promise<Builder> {
  const [facts, server] = await Promise.all([
    inspectBuilder({ builder: name, cwd, instead: 'measure with --strategy native', signal }),
    run(
      { tool: 'docker', args: ['version', '--format', '{{.Server.Version}}'], cwd },
      { signal, timeout: 30 },
    ).catch(error => {
      // That there is no docker, the inspection says with its fix.
      if (isFailure(error, 'tool')) return undefined
      throw error
    }),
  ])
  const docker = server?.ok ? server.stdout.trim() : ''
  const local = isLocal(facts)
  const arch = builderArch(facts, local)
  return {
    engine: {
      builder: facts.name,
      driver: facts.driver,
      // Only these two drivers run in the engine.
      ...(docker && facts.driver.startsWith('docker') && { docker }),
      ...(facts.buildx && { buildx: facts.buildx }),
      // Debian's engine does not know its BuildKit's version.
      ...(facts.buildkit && !/^v?0\.0\.0/.test(facts.buildkit) && { buildkit: facts.buildkit }),
    },
    ...(name !== undefined && { name }),
    ...(arch !== undefined && { arch }),
    local,
  }
}

/**
 * Removes the cache mounts whose names begin so, which nothing will ask for again. Where that fails (older buildx does not
 * know the filter) they go when BuildKit's own time for them is over, so nobody needs to know.
 */
export async function dropCaches({ name }: Builder, prefix: string, cwd: string): Promise<void> {
  const chosen = name === undefined ? [] : ['--builder', name]
  const args = ['buildx', 'prune', ...chosen, '--force', '--filter', `description~=${prefix}`]
  await run({ tool: 'docker', args, cwd }, { timeout: 60 }).catch(() => {})
}

/**
 * Architecture of the machine that a builder compiles on; undefined where that cannot be told. Of several nodes, which
 * one compiles depends on the platform. A node lists its own platform first, but for those that it was created with:
 * those may be its own or not.
 */
export function builderArch(
  { nodes, platforms, asked }: Pick<BuilderFacts, 'nodes' | 'platforms' | 'asked'>,
  local: boolean,
): string | undefined {
  if (nodes > 1) return undefined
  if (local || platforms.length === 0) return hostArch()
  const own = platforms.filter(id => !asked.includes(id))
  const [arch, ...others] = new Set([...asked, ...own.slice(0, 1)].map(id => id.split('/')[1]))
  return others.length === 0 ? arch : undefined
}

/** Whether the builder runs under this machine's kernel, and not in a virtual machine or elsewhere. */
function isLocal({ driver, endpoint }: BuilderFacts): boolean {
  if (process.platform !== 'linux') return false
  const host = process.env['DOCKER_HOST'] ?? ''
  const localEngine = host === '' || host.startsWith('unix://')
  return (
    endpoint.startsWith('unix://') || (driver.startsWith('docker') && endpoint === 'default' && localEngine)
  )
}
