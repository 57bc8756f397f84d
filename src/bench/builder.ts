import { type BuilderFacts, inspectBuilder } from '../image/builder.ts'
import { run } from '../process.ts'
import { hostArch } from '../util/host-arch.ts'
import type { Builder } from './job.ts'

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
    inspectBuilder({ builder: name, cwd, signal }),
    run(
      { tool: 'docker', args: ['version', '--format', '{{.Server.Version}}'], cwd },
      { signal, timeout: 30 },
    ),
  ])
  const docker = server.ok ? server.stdout.trim() : ''
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
    arch: nativeArch(facts),
    local: isLocal(facts),
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

/** A node lists its own platform first. */
function nativeArch({ platforms: [first] }: BuilderFacts): string {
  return first?.split('/')[1] ?? hostArch()
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
