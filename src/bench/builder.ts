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
