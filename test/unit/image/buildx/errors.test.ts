import { describe, expect, it } from 'vitest'
import { explainBuildxError, failedTarget } from '../../../../src/image/buildx/errors.ts'

const dockerfile = '# c\nFROM registry.example.com/base:1\nARG TARGETPLATFORM\nCOPY $TARGETPLATFORM/ /\n'

/** What buildx says of an error: its heading, an excerpt and the message. */
const excerpt = (line: number) =>
  `Dockerfile:${line}\n--------------------\n   ${line} | >>> ...\n--------------------\n`
const explain = (said: string, vertices: Parameters<typeof explainBuildxError>[0]['vertices'] = []) =>
  explainBuildxError({ said, dockerfile, vertices, logFile: '/logs/image.log' })
const solve = (message: string) => `ERROR: failed to build: failed to solve: ${message}`
const metadata = (image: string, why: string) =>
  solve(`${image}: failed to resolve source metadata for ${image}: ${why}`)

// The messages are those of BuildKit 0.25 with buildx 0.13 and 0.29, each made to happen, where no source is named.
describe('explainBuildxError', () => {
  it.each([
    [
      'a push without log-in',
      solve(
        'failed to push 127.0.0.1:5001/x/app:1: unexpected status from HEAD request to http://127.0.0.1:5001/v2/x/app/blobs/sha256:12: 401 Unauthorized',
      ),
      'registry',
      '127.0.0.1:5001 does not let you push to 127.0.0.1:5001/x/app:1',
      'docker login 127.0.0.1:5001',
    ],
    [
      'a base without log-in',
      metadata(
        'registry.example.com/x/base:1',
        'unexpected status from HEAD request to https://registry.example.com/v2/x/base/manifests/1: 401 Unauthorized',
      ),
      'registry',
      'registry.example.com does not let you read registry.example.com/x/base:1',
      'docker login registry.example.com',
    ],
    [
      // docker hub, as issue threads have it
      'a repository of Docker Hub that is someone else’s',
      solve(
        'failed to push docker.io/library/app:1: push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      ),
      'registry',
      'docker.io does not let you push to docker.io/library/app:1',
      'docker login',
    ],
    [
      'a base that is not there',
      metadata('127.0.0.1:5000/base:1', '127.0.0.1:5000/base:1: not found'),
      'registry',
      'There is no image 127.0.0.1:5000/base:1',
      'correct --base, or [image] base or registry in xbuild.toml',
    ],
    [
      'a base without the platform',
      metadata('127.0.0.1:5000/base:1', 'no match for platform in manifest: not found'),
      'registry',
      '127.0.0.1:5000/base:1 has no image for a wanted platform',
      'docker buildx imagetools inspect 127.0.0.1:5000/base:1 lists its platforms; leave the others out of --platform, or choose another --base',
    ],
    [
      'localhost from a container',
      solve(
        'failed to push localhost:5000/app:1: failed to do request: Head "http://localhost:5000/v2/app/blobs/sha256:4c": dial tcp [::1]:5000: connect: connection refused',
      ),
      'registry',
      'The builder cannot reach localhost:5000',
      expect.stringContaining('--driver-opt network=host'),
    ],
    [
      'a host that is not there',
      metadata(
        'nosuch.example/x:1',
        'failed to do request: Head "https://nosuch.example/v2/x/manifests/1": dial tcp: lookup nosuch.example on 10.0.0.1:53: no such host',
      ),
      'registry',
      'The builder cannot reach nosuch.example',
      expect.stringContaining('curl -I https://nosuch.example/v2/'),
    ],
    [
      'a cache that cannot be written',
      solve(
        'error writing layer blob: failed to do request: Head "https://cache.example/v2/c/blobs/sha256:d3": dial tcp 192.0.2.1:443: i/o timeout',
      ),
      'registry',
      'The builder cannot reach cache.example',
      expect.stringContaining('cache.example'),
    ],
    [
      'plain HTTP',
      solve(
        'failed to push registry.lan:5000/app:1: failed to do request: Head "https://registry.lan:5000/v2/app/blobs/sha256:4c": http: server gave HTTP response to HTTPS client',
      ),
      'registry',
      'registry.lan:5000 speaks HTTP, not HTTPS',
      expect.stringContaining('[registry."registry.lan:5000"] http = true'),
    ],
    [
      'an unknown certificate',
      metadata(
        'registry.lan/app:1',
        'failed to do request: Head "https://registry.lan/v2/app/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      ),
      'registry',
      'The certificate of registry.lan is not trusted',
      expect.stringContaining('buildkitd'),
    ],
    [
      'a registry that fails',
      solve(
        'failed to push registry.example.com/app:1: unexpected status from PUT request to https://registry.example.com/v2/app/manifests/1: 503 Service Unavailable',
      ),
      'registry',
      'registry.example.com failed',
      'run it again later',
    ],
    [
      'a limit',
      metadata(
        'docker.io/library/alpine:3',
        'unexpected status from HEAD request to https://registry-1.docker.io/v2/library/alpine/manifests/3: 429 Too Many Requests',
      ),
      'registry',
      'docker.io limits how often it may be asked',
      expect.stringMatching(/^docker login raises/),
    ],
    [
      'a full disk',
      solve('failed to copy files: copy file range failed: no space left on device'),
      'image',
      'The disk of the builder is full',
      expect.stringContaining('docker buildx prune'),
    ],
    [
      'a daemon that is gone',
      'ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      'image',
      'The builder went away',
      expect.stringContaining('docker info'),
    ],
    [
      'a daemon that dies',
      'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF',
      'image',
      'The builder went away',
      expect.stringContaining('--bootstrap'),
    ],
    [
      'a cancelled build',
      'ERROR: failed to solve: Canceled: context canceled',
      'image',
      'The image build was cancelled',
      'run it again',
    ],
    [
      'a RUN for a foreign platform',
      `${excerpt(4)}${solve('process "/bin/sh -c x" did not complete successfully: exec format error')}`,
      'image',
      'A RUN of the template cannot run for a foreign platform',
      expect.stringContaining('binfmt'),
    ],
    [
      'a link in the base',
      solve('cannot copy to non-directory: /var/lib/buildkit/x/bin'),
      'image',
      'A folder of the image is a file or a link in the base',
      expect.stringContaining('[image] files'),
    ],
    [
      'several nodes',
      'ERROR: failed to build: oci for multi-node builds currently not supported',
      'image',
      'A builder of several nodes can only push',
      expect.stringContaining('--push'),
    ],
    [
      'the classic store',
      'ERROR: failed to build: OCI exporter is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.\nLearn more at https://docs.docker.com/go/build-exporters/',
      'image',
      'The builder cannot do what is asked',
      expect.stringContaining('docker buildx create'),
    ],
    [
      'several platforms for the classic store',
      'ERROR: docker exporter does not currently support exporting manifest lists',
      'image',
      'The builder cannot do what is asked',
      expect.stringContaining('docker buildx create'),
    ],
    ['anything else', solve('something odd'), 'image', 'docker buildx failed', undefined],
  ])('%s', (_, said, kind, what, fix) => {
    const { kind: foundKind, what: foundWhat, fix: foundFix } = explain(said)
    expect({ kind: foundKind, what: foundWhat, fix: foundFix }).toEqual({ kind, what, fix })
  })

  it('names the line of the Dockerfile, and the message without its nesting', () => {
    const failure = explain(
      `WARNING: x\n${excerpt(2)}${metadata('registry.example.com/base:1', 'registry.example.com/base:1: not found')}\nView build details: docker-desktop://x`,
    )
    expect(failure.where).toBe('Dockerfile line 2: FROM registry.example.com/base:1')
    expect(failure.why).toBe(
      'registry.example.com/base:1: failed to resolve source metadata for registry.example.com/base:1: registry.example.com/base:1: not found\nfull log: /logs/image.log',
    )
  })

  it('names the line of a template that does not parse', () => {
    expect(explain(solve('dockerfile parse error on line 4: unknown instruction: FOO')).where).toBe(
      'Dockerfile line 4: COPY $TARGETPLATFORM/ /',
    )
    expect(explain(`${excerpt(99)}${solve('x')}`).where).toBeUndefined()
    expect(explain(solve('x')).where).toBeUndefined()
  })

  it('names the platforms that the base lacks', () => {
    const step = { name: 'load metadata for b', seconds: 1, cached: false }
    const failure = explain(metadata('a/b:1', 'no match for platform in manifest: not found'), [
      { ...step, platform: 'linux/386', error: 'no match for platform in manifest: not found' },
      { ...step, platform: 'linux/amd64', error: 'context canceled' },
    ])
    expect(failure.what).toBe('a/b:1 has no image for linux/386')
  })

  it('keeps the end of what was said where there is no message', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`)
    const { why } = explain(lines.join('\n'))
    expect(why).toContain('line 39')
    expect(why).toContain('line 25')
    expect(why).not.toContain('line 24')
    expect(explain('').why).toMatch(/^it said nothing/)
  })

  it('is not misled by transfers that were ended', () => {
    const ended =
      'ERROR: (*service).Write failed: rpc error: code = Unavailable desc = transport is closing\n'
    expect(explain(`${ended}${ended}${solve('something odd')}`)).toMatchObject({
      what: 'docker buildx failed',
      why: 'something odd\nfull log: /logs/image.log',
    })
  })

  it('shows no secret', () => {
    const { why } = explain(solve('failed to fetch https://user:hunter2@registry.example.com/v2/'))
    expect(why).not.toContain('hunter2')
  })
})

describe('failedTarget', () => {
  const targets = ['one', 'two', 'three']
  const step = (error?: string) => ({ name: 'COPY', seconds: 1, cached: false, ...(error && { error }) })
  const steps: Record<string, string> = { one: 'commit failed: context canceled', two: '"/x": not found' }
  const failed = (said: string, more: Record<string, string> = {}) =>
    failedTarget(said, targets, target => [step(), step({ ...steps, ...more }[target])])

  it.each([
    ['named, as by buildx 0.29', 'ERROR: target two: failed to solve: boom\n', 'two'],
    ['named, as by later ones', 'ERROR: failed to build: target two: failed to solve: boom\n', 'two'],
    ['known by its step', 'Dockerfile:2\n---\nERROR: failed to solve: checksum: "/x": not found\n', 'two'],
    ['nobody', 'ERROR: no builder "x" found\n', undefined],
    ['none of ours', 'ERROR: target four: boom\n', undefined],
  ])('is %s', (_, said, target) => expect(failed(said)).toBe(target))

  it('is none where several failed by the same', () => {
    expect(failed('ERROR: failed to solve: b: "/x": not found', { three: '"/x": not found' })).toBeUndefined()
  })
})

it('says which of several images it was', () => {
  const failure = explainBuildxError({
    said: 'ERROR: target two: failed to solve: boom',
    dockerfile: '',
    image: 'two',
  })
  expect(failure).toMatchObject({ where: 'image two', why: 'boom' })
})
