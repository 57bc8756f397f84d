import { Failure, type FailureKind } from '../../errors.ts'
import { isLoopback, parseReference } from '../../oci/reference.ts'
import { redact } from '../../util/redact.ts'
import type { VertexTime } from './progress.ts'

/** What is known of a build that failed. */
export interface FailedBuild {
  /** What buildx said on stderr, its progress left out. */
  readonly said: string
  /** The Dockerfile that was built. */
  readonly dockerfile: string
  readonly vertices?: readonly VertexTime[]
  /** The file that holds everything it said. */
  readonly logFile?: string | undefined
  /** The builder, where one was named. */
  readonly builder?: string | undefined
  /** The image that failed, where several were made at once. */
  readonly image?: string | undefined
}

/** A class of errors: recognised by what BuildKit says, the first that matches. */
interface ErrorClass {
  readonly pattern: RegExp
  readonly kind: FailureKind
  readonly what: (found: Found) => string
  readonly fix: (found: Found) => string
}

interface Found {
  readonly message: string
  /** The reference that the message names, and its registry. */
  readonly reference: string | undefined
  readonly registry: string | undefined
  /** Whether it was being pushed, and not read. */
  readonly push: boolean
  /** Platforms whose steps failed. */
  readonly platforms: readonly string[]
  /** For `docker buildx inspect`, with a blank before it; empty for the one that is in use. */
  readonly builder: string
}

const named = ({ reference }: Found) => reference ?? 'the image'

const classes: readonly ErrorClass[] = [
  {
    pattern: /context canceled|signal: (interrupt|terminated)/i,
    kind: 'image',
    what: () => 'The image build was cancelled',
    fix: () => 'run it again',
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    kind: 'image',
    what: () => 'The disk of the builder is full',
    fix: () => 'docker buildx du shows what its cache takes; docker buildx prune empties it',
  },
  {
    pattern:
      /docker daemon|docker\.sock|error reading from server|closing transport|rpc error: code = Unavailable|listing workers|failed to (?:dial|list workers|find driver)|\bbuildkitd?\b.*connection refused|dial unix/i,
    kind: 'image',
    what: () => 'The builder went away',
    fix: ({ builder }) =>
      `docker buildx inspect --bootstrap${builder} starts it and says which node does not answer; docker info for the engine`,
  },
  {
    pattern: /no match for platform in manifest/i,
    kind: 'registry',
    what: found =>
      `${named(found)} has no image for ${found.platforms.length > 0 ? found.platforms.join(', ') : 'a wanted platform'}`,
    fix: ({ reference }) =>
      `docker buildx imagetools inspect ${reference ?? 'BASE'} lists its platforms; leave the others out of --platform, or choose another --base`,
  },
  {
    pattern: /toomanyrequests|429 Too Many Requests|rate limit/i,
    kind: 'registry',
    what: found => `${found.registry ?? 'The registry'} limits how often it may be asked`,
    fix: found => `docker login${loginHost(found)} raises the limit; else wait and run it again`,
  },
  {
    pattern:
      /401 Unauthorized|403 Forbidden|unauthorized|authentication required|authorization failed|access denied|access forbidden|requested access to the resource is denied|insufficient_scope|no basic auth credentials|permission_denied/i,
    kind: 'registry',
    what: found =>
      `${found.registry ?? 'The registry'} does not let you ${found.push ? 'push to' : 'read'} ${found.reference ?? 'the image'}`,
    fix: found => `docker login${loginHost(found)}`,
  },
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    kind: 'registry',
    what: found => `${found.registry ?? 'The registry'} speaks HTTP, not HTTPS`,
    fix: found =>
      `name it in "insecure-registries" of /etc/docker/daemon.json, or for a docker-container builder in its buildkitd.toml: [registry.${JSON.stringify(found.registry ?? 'HOST')}] http = true`,
  },
  {
    pattern: /x509:|tls: |certificate/i,
    kind: 'registry',
    what: found => `The certificate of ${found.registry ?? 'the registry'} is not trusted`,
    fix: () =>
      'give the builder its CA: docker buildx create --buildkitd-config (registry."HOST".ca in buildkitd.toml)',
  },
  {
    pattern:
      /connection refused|no such host|i\/o timeout|network is unreachable|no route to host|TLS handshake timeout|connection reset|temporary failure in name resolution|server misbehaving|failed to do request/i,
    kind: 'registry',
    what: found => `The builder cannot reach ${found.registry ?? 'the registry'}`,
    fix: ({ registry }) =>
      registry !== undefined && isLoopback(registry)
        ? 'a builder in a container has a localhost of its own: docker buildx create --name xbuild-host --driver docker-container --driver-opt network=host --bootstrap, then --builder xbuild-host'
        : `curl -I https://${registry ?? 'REGISTRY'}/v2/ shows whether this machine reaches it; a builder elsewhere needs its own way there`,
  },
  {
    pattern: /(?:500 Internal Server Error|502 Bad Gateway|503 Service Unavailable|504 Gateway Time-?out)/i,
    kind: 'registry',
    what: found => `${found.registry ?? 'The registry'} failed`,
    fix: () => 'run it again later',
  },
  {
    pattern:
      /failed to resolve source metadata.*not found|manifest unknown|repository does not exist|name unknown/is,
    kind: 'registry',
    what: found => `There is no ${found.push ? 'repository for' : 'image'} ${named(found)}`,
    fix: found =>
      found.push
        ? 'make the repository in the registry first, or correct --tag'
        : 'correct --base, or [image] base or registry in xbuild.toml',
  },
  {
    pattern: /exec format error|\.buildkit_qemu_emulator|uncaught target signal/i,
    kind: 'image',
    what: () => 'A RUN of the template cannot run for a foreign platform',
    fix: () =>
      'take RUN out of the template, or register emulators: docker run --privileged --rm tonistiigi/binfmt --install all',
  },
  {
    pattern: /cannot copy to non-directory/i,
    kind: 'image',
    what: () => 'A folder of the image is a file or a link in the base',
    fix: () => 'put the file elsewhere, such as below /usr/local: "to" in [image] files',
  },
  {
    pattern: /multi-node builds currently not supported/i,
    kind: 'image',
    what: () => 'A builder of several nodes can only push',
    fix: () => '--push, or a builder of one node: docker buildx ls, then --builder NAME',
  },
  {
    pattern:
      /is not supported for the docker driver|not implemented for docker driver|does not (?:currently )?support exporting manifest lists/i,
    kind: 'image',
    what: () => 'The builder cannot do what is asked',
    fix: () =>
      'docker buildx create --name xbuild --driver docker-container --bootstrap, then --builder xbuild',
  },
  {
    pattern: /index annotations not supported for single platform export/i,
    kind: 'image',
    what: () => 'An image of one platform has no index to annotate',
    fix: () =>
      '--annotation manifest:KEY=VALUE, --backend oci, or after --push-by-digest xbuild merge --annotation KEY=VALUE',
  },
  {
    pattern: /multiple outputs currently unsupported/i,
    kind: 'image',
    what: () => 'The builder is too old for several outputs',
    fix: () => 'update its BuildKit to 0.13 or newer, or ask for one output at a time',
  },
]

/** Explains a build that failed: what, at which line of the Dockerfile, why in buildx's own words, and what fixes it. */
export function explainBuildxError(build: FailedBuild): Failure {
  const said = redact(build.said)
  const message = errorMessage(said)
  const found = {
    ...describe(message, build.vertices ?? []),
    builder: build.builder === undefined ? '' : ` ${build.builder}`,
  }
  const known = classes.find(({ pattern }) => pattern.test(message))
  const log = build.logFile === undefined ? '' : `\nfull log: ${build.logFile}`
  return new Failure({
    kind: known?.kind ?? 'image',
    what: known?.what(found) ?? 'docker buildx failed',
    where: placeOf(build.image, dockerfileLine(said, build.dockerfile)),
    why: (message || 'it said nothing') + log,
    fix: known?.fix(found),
  })
}

/**
 * The lines from the last `ERROR:` on without their nested prefixes; without such a line, the last lines of all. Earlier
 * lines of the kind are of transfers that were ended, and are there when all is well, too.
 */
function errorMessage(said: string): string {
  const text =
    lastError(said)?.replace(/^ERROR: (?:failed to (?:build|solve|receive status): |target \S+: )*/, '') ??
    said.trimEnd().split('\n').slice(-15).join('\n')
  return text
    .replace(/^rpc error: code = \w+ desc = (?!error reading|closing|transport)/, '')
    .replace(/\nLearn more at \S+|\nView build details: \S+/g, '')
    .trim()
}

function placeOf(image: string | undefined, line: string | undefined): string | undefined {
  if (image === undefined) return line
  return `image ${image}${line === undefined ? '' : `, ${line}`}`
}

/**
 * The target of a bake that failed. buildx 0.13 does not name it: there it is the one whose own step failed with what is said.
 * @param stepsOf the steps of a target
 * @returns undefined where it is several's fault, or nobody's
 */
export function failedTarget(
  said: string,
  targets: readonly string[],
  stepsOf: (target: string) => readonly VertexTime[],
): string | undefined {
  const last = lastError(said) ?? ''
  const [, name = ''] = /^ERROR: (?:failed to [a-z ]+: )*target (\S+): /.exec(last) ?? []
  if (targets.includes(name)) return name
  const failed = targets.filter(target => stepsOf(target).some(({ error }) => error && last.includes(error)))
  return failed.length === 1 ? failed[0] : undefined
}

function lastError(said: string): string | undefined {
  const [last] = [...said.matchAll(/^ERROR: /gm)].slice(-1)
  return last && said.slice(last.index)
}

/** `Dockerfile line 3: COPY …`, from the heading `NAME:3` above BuildKit's excerpt. */
function dockerfileLine(said: string, dockerfile: string): string | undefined {
  const number = Number(/^\S+:(\d+)\n-{5,}$/m.exec(said)?.[1] ?? /parse error on line (\d+)/.exec(said)?.[1])
  const line = dockerfile.split('\n')[number - 1]?.trim()
  return line === undefined ? undefined : `Dockerfile line ${number}: ${line}`
}

function describe(message: string, vertices: readonly VertexTime[]): Omit<Found, 'builder'> {
  const push = /failed to push|pushing|error writing (?:layer|manifest)/i.test(message)
  const [, text] =
    /(?:failed to push|source metadata for|failed to (?:copy|fetch|authorize)[^:]*:?) ([a-z0-9][\w.:/@[\]-]*)/i.exec(
      message,
    ) ??
    /\bhttps?:\/\/([^\s/"]+)\/v2\//.exec(message) ??
    []
  const image = text?.replace(/:$/, '')
  const failed = vertices.filter(({ error }) => error !== undefined && /no match for platform/.test(error))
  return {
    message,
    reference: image?.includes('/') ? image : undefined,
    registry: image === undefined ? undefined : registryOf(image),
    push,
    platforms: [...new Set(failed.flatMap(({ platform }) => platform ?? []))],
  }
}

function registryOf(image: string): string | undefined {
  if (!image.includes('/')) return image
  try {
    return parseReference(image).registry
  } catch {
    return undefined
  }
}

/** Docker Hub is what `docker login` means without a name. */
function loginHost({ registry }: Found): string {
  return registry === undefined || registry === 'docker.io' ? '' : ` ${registry}`
}
