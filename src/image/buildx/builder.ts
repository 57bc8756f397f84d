import { Failure, isFailure } from '../../errors.ts'
import { run } from '../../process.ts'
import { compareVersions } from '../../util/versions.ts'

/** The oldest buildx that xbuild works with: the first with --progress=rawjson and several outputs. */
export const oldestBuildx = '0.13.0'

/** What is known of the builder that a build will use. */
export interface BuilderFacts {
  readonly name: string
  /** docker, docker-container, remote, kubernetes or cloud. */
  readonly driver: string
  /** Version of buildx, such as "0.29.1"; absent for a build of it that has none. */
  readonly buildx?: string
  /** Version of BuildKit as the first node has it. */
  readonly buildkit?: string
  /** Endpoint of the first node. */
  readonly endpoint: string
  readonly nodes: number
  /** Whether nodes run; one of docker-container or kubernetes is started by the build that needs it. */
  readonly running: boolean
  /**
   * The platforms that nodes list: those they can run. An image without RUN needs none of them to be listed, so nothing
   * is refused for their lack.
   */
  readonly platforms: readonly string[]
  /** Those of them that a node was created to be given, whatever it runs on. */
  readonly asked: readonly string[]
  /** Whether the builder has a snapshotter of containerd: of the docker driver, whether its engine uses the containerd image store. */
  readonly containerdStore: boolean
  /** Whether BuildKit shares the network of its host, so that it reaches a registry on localhost. */
  readonly hostNetwork: boolean
  /** Whether the engine that --load loads into takes images of several platforms; absent where it was not asked. */
  readonly loadsSeveral?: boolean
}

/** Which builder to ask about. */
export interface InspectOptions {
  /** As --builder; absent for the one that buildx itself would choose. */
  readonly builder?: string | undefined
  readonly cwd: string
  /** Whether an image will be loaded into the engine, which is then asked too. */
  readonly load?: boolean | undefined
  /** What a fix advises where there is no Docker (`use --backend oci`). */
  readonly instead?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks buildx about the builder that a build would use. `buildx inspect` resolves it as `buildx build` does and asks no
 * other builder, whereas `buildx ls` waits for every builder there is, dead ones too.
 * @throws {Failure} tool, when docker or buildx is missing or too old; image, when the daemon does not answer or there
 * is no such builder.
 */
export async function inspectBuilder(options: InspectOptions): Promise<BuilderFacts> {
  const [version, inspected, info] = await Promise.all([
    docker(['buildx', 'version'], options),
    docker(['buildx', 'inspect', ...(options.builder ? ['--builder', options.builder] : [])], options),
    options.load ? docker(['info', '--format', '{{json .DriverStatus}}'], options) : undefined,
  ])
  const { instead = 'use --backend oci' } = options
  const buildx = checkVersion(version.stdout, version.stderr, instead)
  if (inspected.timedOut) throw noAnswer(options.builder, 'no answer after 30 seconds', instead)
  if (!inspected.ok) throw noBuilder(options.builder, inspected.stderr)
  const facts = parseInspection(inspected.stdout)
  if (facts.error !== undefined) throw noAnswer(facts.name, facts.error, instead)
  if (facts.driver === 'remote' && !facts.running) {
    throw noAnswer(facts.name, `its BuildKit at ${facts.endpoint} does not answer`, instead)
  }
  return {
    ...facts,
    ...(buildx && { buildx }),
    ...(info?.ok && { loadsSeveral: info.stdout.includes('io.containerd.snapshotter') }),
  }
}

/** Reads the text of `docker buildx inspect`: keys at the line's start, labels indented below theirs. */
export function parseInspection(text: string): BuilderFacts & { readonly error?: string } {
  const [head = '', ...nodes] = text.split(/^(?=Name:)/m).filter(part => part.trim() !== '')
  const key = (part: string, name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, 'mi').exec(part)?.[1]?.trim() || undefined
  const first = nodes[0] ?? ''
  const error = [head, ...nodes].map(part => key(part, 'Error')).find(Boolean)
  const buildkit = key(first, 'Buildkit(?: version)?')
  const listed = nodes.flatMap(node => (key(node, 'Platforms') ?? '').split(/[\s,]+/).filter(Boolean))
  return {
    name: key(head, 'Name') ?? 'default',
    driver: key(head, 'Driver') ?? 'docker',
    ...(buildkit && { buildkit }),
    endpoint: key(first, 'Endpoint') ?? '',
    nodes: nodes.length,
    running: nodes.length > 0 && nodes.every(node => key(node, 'Status') === 'running'),
    platforms: [...new Set(listed.map(id => id.replace('*', '')))],
    asked: listed.filter(id => id.endsWith('*')).map(id => id.replace('*', '')),
    containerdStore: /^\s+org\.mobyproject\.buildkit\.worker\.snapshotter:/m.test(text),
    hostNetwork: nodes.every(node => /network="?host"?/.test(key(node, 'Driver Options') ?? '')),
    ...(error && { error }),
  }
}

function docker(args: readonly string[], { cwd, signal, instead = 'use --backend oci' }: InspectOptions) {
  return run({ tool: 'docker', args, cwd }, { signal, timeout: 30 }).catch(error => {
    if (!isFailure(error, 'tool')) throw error
    const fix = `install Docker Engine with its buildx plugin (https://docs.docker.com/engine/install/), or ${instead}, which needs neither`
    throw new Failure({ kind: 'tool', what: error.what, why: error.why, fix, cause: error })
  })
}

/**
 * The version of buildx; undefined for one built without a version, which is taken as new.
 * @throws {Failure} tool
 */
function checkVersion(stdout: string, stderr: string, instead: string): string | undefined {
  const [, text] = /^github\.com\/docker\/buildx\s+(\S+)/m.exec(stdout) ?? []
  if (text === undefined) {
    const other = stdout.trim().split('\n', 1)[0]
    throw new Failure({
      kind: 'tool',
      what: other ? 'docker here is not Docker with buildx' : 'docker has no buildx',
      why: other ? `docker buildx version answers ${JSON.stringify(other)}` : firstLine(stderr),
      fix: `install the package docker-buildx-plugin (Debian: docker-buildx), or ${instead}, which needs no Docker`,
    })
  }
  const [version] = /\d+\.\d+\.\d+/.exec(text) ?? []
  if (version === undefined || version === '0.0.0') return undefined
  if (compareVersions(version, oldestBuildx) >= 0) return version
  throw new Failure({
    kind: 'tool',
    what: `buildx ${version} is too old`,
    why: `xbuild needs buildx ${oldestBuildx} or newer`,
    fix: 'update the package docker-buildx-plugin (Debian: docker-buildx), or put a newer docker-buildx from https://github.com/docker/buildx/releases into ~/.docker/cli-plugins',
  })
}

function noBuilder(builder: string | undefined, stderr: string): Failure {
  return new Failure({
    kind: 'image',
    what:
      builder === undefined
        ? 'buildx cannot use its builder'
        : `There is no builder ${JSON.stringify(builder)}`,
    why: firstLine(stderr),
    fix: 'docker buildx ls lists the builders; docker buildx use default chooses the engine’s own',
  })
}

function noAnswer(builder: string | undefined, why: string, instead: string): Failure {
  const denied = /permission denied/i.test(why)
  return new Failure({
    kind: 'image',
    what: `The builder ${builder ?? 'of buildx'} does not answer`,
    why,
    fix: denied
      ? 'let this user talk to the engine: sudo usermod -aG docker "$USER", then log in again'
      : /docker daemon/i.test(why)
        ? `start Docker: sudo systemctl start docker (or Docker Desktop), or ${instead}, which needs none`
        : 'docker buildx inspect --bootstrap shows more; docker buildx ls lists other builders for --builder',
  })
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}
