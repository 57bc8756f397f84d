import type { Rule } from '../finding.ts'
import { type BuildCall, isTrue, type Job, type Workflow } from '../workflow/model.ts'

/** A workflow of one job that builds, for the examples of the rules. */
export const exampleWorkflow = (inputs: string, job = 'runs-on: ubuntu-latest') => `on: push
jobs:
  image:
    ${job}
    steps:
      - uses: actions/checkout@v6
      - uses: docker/setup-buildx-action@v4
      - uses: docker/build-push-action@v7
        with:
          ${inputs.split('\n').join('\n          ')}
`

/** Every build of a workflow, with its job. */
export function buildsOf({ jobs }: Workflow): { job: Job; build: BuildCall }[] {
  return jobs.flatMap(job => job.steps.flatMap(({ builds }) => builds.map(build => ({ job, build }))))
}

/** Whether the build is for several platforms; where only the run knows which, it is not known to be. */
export function isMultiPlatform({ platforms }: BuildCall): boolean {
  return (
    platforms.length > 1 ||
    platforms.some(({ value }) => !value.includes('matrix.') && /\/[^,]*,/.test(value))
  )
}

const cached = `context: .
platforms: linux/amd64,linux/arm64
push: true
tags: ghcr.io/example/server:1.0
cache-from: type=gha,scope=server
cache-to: type=gha,mode=max,scope=server`

export const loadSeveralPlatforms: Rule<Workflow> = {
  id: 'load-several-platforms',
  severity: 'error',
  summary: 'A build for several platforms is pushed or written to a file, not loaded into the engine.',
  explanation: `\`load: true\` and \`--load\` hand the image to the Docker engine, whose classic image store holds one platform:
buildx stops with \`docker exporter does not currently support exporting manifest lists\`. Only the containerd image store takes an
index: Docker Engine 29 and later have it where they are installed anew, others by \`"containerd-snapshotter": true\` in the daemon's
configuration, such as \`daemon-config\` of docker/setup-docker-action, and a job that sets one of them up is not reported. Else build
the runner's platform alone to test it, push several platforms, or write \`type=oci,dest=image.tar\`.`,
  bad: exampleWorkflow(cached.replace('push: true', 'load: true')),
  good: exampleWorkflow(cached),
  *check(workflow) {
    for (const { job, build } of buildsOf(workflow)) {
      const { load, platforms, outputs } = build
      const output = outputs.find(({ value }) => /^type=docker(?:,|$)/.test(value) && !/dest=/.test(value))
      const place = isTrue(load) || (build.kind === 'bake' && load) ? load : output
      if (!place || !isMultiPlatform(build) || hasContainerdStore(job)) continue
      yield {
        start: place.start,
        end: place.end,
        message: `the Docker engine takes one platform, and this builds ${platforms.map(({ value }) => value).join(', ')}`,
        fix: 'push the image, or load one platform',
      }
    }
  },
}

/** Whether a job turns the containerd image store on, or installs an engine that has it (docs.docker.com/engine/storage/containerd). */
function hasContainerdStore({ text, steps }: Job): boolean {
  const said = text.replace(/^\s*#.*$/gm, '')
  const [, value] = /containerd-snapshotter[\\"'\])\s]*[:=]\s*\\?["']?(\w+)/.exec(said) ?? []
  if (value !== undefined) return value === 'true'
  if (/--feature[=\s]+containerd-snapshotter\b|\buse-containerd-snapshotter-action@/.test(said)) return true
  const engine = steps.find(({ uses }) =>
    /\/(?:setup-docker-action|ghaction-setup-docker)@/.test(uses?.value ?? ''),
  )
  const version = /\bversion(?::|=)[^\d\n]*?(\d+)/.exec(engine?.text.replace(/^.*uses:.*$/m, '') ?? '')?.[1]
  return engine !== undefined && Number(version ?? 29) >= 29
}

export const noRemoteCache: Rule<Workflow> = {
  id: 'no-remote-cache',
  severity: 'warning',
  summary: 'A build for several platforms on a fresh runner reads and writes a remote cache.',
  explanation: `A runner begins with an empty cache, so every push builds every layer of every platform again. Give the build
\`cache-from\` and \`cache-to\` (\`type=gha,mode=max,scope=NAME\` or \`type=registry,ref=…,mode=max\`). A release that must not reuse
anything says \`no-cache: true\`.`,
  bad: exampleWorkflow(cached.split('\n').slice(0, 4).join('\n')),
  good: exampleWorkflow(cached),
  *check(workflow) {
    if (workflow.kind === 'bake') return
    for (const { job, build } of buildsOf(workflow)) {
      const perJob = build.platforms.some(({ value }) => value.includes('matrix.')) && job.matrix
      const { cacheFrom, cacheTo, noCache, platforms } = build
      if (
        !(isMultiPlatform(build) || perJob) ||
        cacheTo.length + cacheFrom.length > 0 ||
        isTrue(noCache) !== false
      )
        continue
      // What only copies finished files has nothing to cache.
      if (onlyCopies(workflow, build)) continue
      const [place = build] = platforms
      yield {
        start: place.start,
        end: platforms.at(-1)?.end ?? place.end,
        message:
          'every run builds every layer of every platform anew: there is no cache-from and no cache-to',
        fix: 'cache-from: type=gha,scope=NAME and cache-to: type=gha,mode=max,scope=NAME',
      }
    }
  },
}

/** Whether the Dockerfile of the build is there and has no RUN. */
function onlyCopies({ readDockerfile }: Workflow, build: BuildCall): boolean {
  const text = dockerfilesOf(build)
    .map(readDockerfile)
    .find(found => found !== undefined)
  return text !== undefined && !/^\s*RUN\s/im.test(text)
}

/** Where the Dockerfile of a build may be, from the root of the repository; none where only the run knows. */
export function dockerfilesOf({ kind, file, context = '.' }: BuildCall): string[] {
  const folder = context.replace(/^\$\{\{\s*github\.workspace\s*\}\}\/?/, './')
  const path = file?.replace(/^\$\{\{\s*github\.workspace\s*\}\}\/?/, './')
  if (/\$|:\/\/|^git@|^-$/.test(`${folder} ${path ?? ''}`)) return []
  const inContext = normal(`${folder}/${path ?? 'Dockerfile'}`)
  if (path === undefined || kind === 'bake') return [inContext]
  return [normal(path)]
}

function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

export const lambdaAttestations: Rule<Workflow> = {
  id: 'lambda-attestations',
  severity: 'error',
  summary: 'An image for AWS Lambda is pushed without attestations and for one platform.',
  explanation: `buildx adds provenance by default, which turns the pushed image into an index. AWS Lambda takes no index:
\`The image manifest, config or layer media type for the source image is not supported\`. Set \`provenance: false\` and
\`sbom: false\`, and build one platform.`,
  bad: `${exampleWorkflow('platforms: linux/arm64\npush: true\ntags: example.com/function:1')}      - run: aws lambda update-function-code --function-name f --image-uri example.com/function:1
`,
  good: `${exampleWorkflow('platforms: linux/arm64\npush: true\nprovenance: false\ntags: example.com/function:1')}      - run: aws lambda update-function-code --function-name f --image-uri example.com/function:1
`,
  *check(workflow) {
    if (
      !/aws lambda (?:update-function-code|create-function)[\s\S]*--image-uri|aws-lambda-deploy/.test(
        workflow.text,
      )
    )
      return
    for (const { build } of buildsOf(workflow)) {
      const pushes =
        isTrue(build.push) || build.outputs.some(({ value }) => /type=registry|push=true/.test(value))
      const off =
        build.provenance?.value === 'false' || workflow.text.includes('BUILDX_NO_DEFAULT_ATTESTATIONS')
      if (!pushes || off) continue
      yield {
        start: build.start,
        end: build.end,
        message: 'AWS Lambda refuses the index that provenance makes of the image',
        fix: 'provenance: false',
      }
    }
  },
}
