import { Failure } from '../../errors.ts'
import { isLoopback, parseReference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import type { Destination } from '../destination.ts'
import type { BuilderFacts } from './builder.ts'

/** What will be asked of a builder. */
export interface BuilderNeeds {
  readonly platforms: readonly Platform[]
  readonly destinations: readonly Destination[]
  /** Values of --cache-to. */
  readonly cacheTo: readonly string[]
  /** Whether --provenance or --sbom asks for an attestation. */
  readonly attestations?: boolean
}

/**
 * Checks that a builder can do what is wanted, by what it is capable of and not by its driver's name: the engine's own
 * builder does everything once the engine uses the containerd image store (buildx driver/docker/driver.go, Features).
 * @throws {Failure} image, with the command that makes a builder which can, or the flag to leave out.
 */
export function checkBuilder(builder: BuilderFacts, needs: BuilderNeeds): void {
  const problem =
    loadProblem(builder, needs) ?? classicProblem(builder, needs) ?? networkProblem(builder, needs)
  if (problem === undefined) return
  throw new Failure({
    kind: 'image',
    what: problem.what,
    where: `builder ${builder.name} (${builder.driver} driver)`,
    why: problem.why,
    fix: problem.fix ?? createCommand(needs),
  })
}

interface Problem {
  readonly what: string
  readonly why: string
  /** Absent where another builder fixes it. */
  readonly fix?: string
}

/** What the docker driver lacks while its engine keeps images in the classic store. */
function classicProblem(
  builder: BuilderFacts,
  { platforms, destinations, cacheTo, attestations }: BuilderNeeds,
): Problem | undefined {
  if (builder.driver !== 'docker') return undefined
  const outputs = wantedOutputs(destinations)
  if (outputs.some(output => output['push-by-digest'] === 'true')) {
    return { what: 'The builder cannot push by digest', why: 'the docker driver has no push-by-digest' }
  }
  if (builder.containerdStore) return undefined
  const why = 'its engine keeps images in the classic store, not in containerd’s'
  if (platforms.length > 1) {
    return { what: 'The builder cannot build for several platforms', why }
  }
  const file = outputs.find(({ type, dest }) => type === 'oci' || (type === 'docker' && dest !== undefined))
  if (file)
    return { what: `The builder cannot write ${file.type === 'oci' ? 'an OCI' : 'a Docker'} archive`, why }
  if (cacheTo.some(cache => readAttributes(cache)['type'] !== 'inline')) {
    return { what: 'The builder cannot export its cache', why }
  }
  return attestations ? { what: 'The builder cannot attach provenance or an SBOM', why } : undefined
}

function loadProblem(
  { loadsSeveral }: BuilderFacts,
  { platforms, destinations }: BuilderNeeds,
): Problem | undefined {
  if (platforms.length < 2) return undefined
  const outputs = wantedOutputs(destinations)
  if (outputs.some(({ type, dest }) => type === 'docker' && dest !== undefined)) {
    return {
      what: 'An archive for docker load holds one platform',
      why: `${platforms.length} platforms are asked for`,
      fix: `-o image.oci.tar for all of them, or --platform ${platforms[0]?.id} for one`,
    }
  }
  if (loadsSeveral !== false || !outputs.some(({ type }) => type === 'docker')) return undefined
  return {
    what: 'The engine cannot load an image of several platforms',
    why: 'it keeps images in the classic store, not in containerd’s',
    fix: `--load --platform ${platforms[0]?.id} for one of them, or --push; several need {"features": {"containerd-snapshotter": true}} in /etc/docker/daemon.json`,
  }
}

function networkProblem(builder: BuilderFacts, { destinations }: BuilderNeeds): Problem | undefined {
  if (builder.driver !== 'docker-container' || builder.hostNetwork) return undefined
  const local = loopbackPush(destinations)
  if (local === undefined) return undefined
  return {
    what: `The builder cannot reach ${local}`,
    why: 'its BuildKit runs in a container with a network of its own, where localhost is the container itself',
  }
}

function loopbackPush(destinations: readonly Destination[]): string | undefined {
  return destinations
    .flatMap(destination => (destination.type === 'push' ? destination.references : []))
    .map(reference => parseReference(reference).registry)
    .find(isLoopback)
}

/** The command that makes a builder which can do everything that is asked here. */
function createCommand({ destinations }: BuilderNeeds): string {
  // A name of its own: buildx makes no second builder of a name, and `xbuild` may be the one that cannot do it.
  return loopbackPush(destinations)
    ? 'docker buildx create --name xbuild-host --driver docker-container --driver-opt network=host --bootstrap, then --builder xbuild-host'
    : 'docker buildx create --name xbuild --driver docker-container --bootstrap, then --builder xbuild'
}

/** Attributes of buildx's --output. */
type Output = Readonly<Record<string, string>>

/** The outputs other than pushes. */
function wantedOutputs(destinations: readonly Destination[]): Output[] {
  return destinations.flatMap((destination): Output[] => {
    switch (destination.type) {
      case 'push':
        return destination.byDigest ? [{ type: 'image', 'push-by-digest': 'true' }] : []
      case 'load':
        return [{ type: 'docker' }]
      case 'archive':
      case 'layout':
        return [{ type: 'oci', dest: destination.path }]
      case 'docker-archive':
        return [{ type: 'docker', dest: destination.path }]
      default:
        return [readAttributes(destination.value)]
    }
  })
}

/** `type=…,key=value,…` as an object; a bare word is buildx's short form of `type=registry,ref=…`. */
function readAttributes(text: string): Output {
  return Object.fromEntries(
    text.split(',').map(pair => {
      const at = pair.indexOf('=')
      return at < 0 ? ['ref', pair] : [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1)]
    }),
  )
}
