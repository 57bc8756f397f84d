import { Failure, isFailure } from '../errors.ts'
import { run } from '../process.ts'
import { printable } from '../util/printable.ts'

/** What `docker info` says of the engine that docker talks to. */
export interface EngineFacts {
  readonly version: string
  /** The name of docker's context. */
  readonly context: string
  /** When the engine answered by its own clock, and how long that took; milliseconds. */
  readonly time?: { readonly engine: number; readonly here: number; readonly took: number }
  /** Whether it has a proxy to pull through. */
  readonly hasProxy: boolean
  readonly containerdStore: boolean
}

/** The answer of docker; every key may be missing. */
interface Info {
  readonly ServerVersion?: string
  readonly ServerErrors?: readonly string[]
  readonly SystemTime?: string
  readonly HttpProxy?: string
  readonly HttpsProxy?: string
  readonly DriverStatus?: readonly (readonly string[])[]
  readonly ClientInfo?: { readonly Context?: string }
}

/**
 * Asks docker about its engine.
 * @throws {Failure} tool, where there is no docker; image, where the engine does not answer.
 */
export async function readEngine(dir: string, now: () => number, signal: AbortSignal): Promise<EngineFacts> {
  const command = { tool: 'docker', args: ['info', '--format', '{{json .}}'], cwd: dir }
  const started = now()
  const result = await run(command, { signal }).catch(error => {
    if (!isFailure(error, 'tool')) throw error
    throw new Failure({
      kind: 'tool',
      what: 'There is no docker',
      why: error.why,
      fix: 'install Docker Engine with its buildx plugin: https://docs.docker.com/engine/install/',
    })
  })
  const ended = now()
  const info = parse(result.stdout)
  const [fault = result.ok && info.ServerVersion ? undefined : lastLine(result.stderr)] =
    info.ServerErrors ?? []
  if (fault !== undefined) throw noEngine(fault)
  const engine = Date.parse(info.SystemTime ?? '')
  return {
    version: info.ServerVersion ?? '?',
    context: info.ClientInfo?.Context || 'default',
    ...(Number.isFinite(engine) && { time: { engine, here: ended, took: ended - started } }),
    hasProxy: Boolean(info.HttpProxy || info.HttpsProxy),
    containerdStore: JSON.stringify(info.DriverStatus ?? []).includes('io.containerd.snapshotter'),
  }
}

function parse(text: string): Info {
  try {
    return Object(JSON.parse(text)) as Info
  } catch {
    return {}
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'docker info gave no answer'
}

function noEngine(why: string): Failure {
  return new Failure({
    kind: 'image',
    what: 'The Docker engine does not answer',
    why: printable(why),
    fix: /permission denied/i.test(why)
      ? 'sudo usermod -aG docker "$USER", then log in again'
      : 'sudo systemctl start docker   (or Docker Desktop); docker context ls lists other engines',
  })
}
