import type { Rule } from '../finding.ts'
import type { BuildCall, Job, Value, Workflow } from '../workflow/model.ts'
import { buildsOf, exampleWorkflow } from './workflow-build.ts'

const isGha = ({ value }: Value) => /(?:^|,)type=gha(?:,|$)/.test(value)

/** The cache's name; BuildKit's own default where none is given. */
const scopeOf = ({ value }: Value) => /(?:^|,)scope=([^,]*)/.exec(value)?.[1] ?? 'buildkit'

const matrixJob = `strategy:
      matrix:
        platform: [linux/amd64, linux/arm64]
    runs-on: \${{ matrix.platform == 'linux/arm64' && 'ubuntu-24.04-arm' || 'ubuntu-latest' }}`
const inputs = `platforms: \${{ matrix.platform }}
outputs: type=image,name=ghcr.io/example/server,push-by-digest=true,name-canonical=true,push=true
cache-from: type=gha,scope=\${{ matrix.platform }}
cache-to: type=gha,mode=max,scope=\${{ matrix.platform }}`

export const ghaCacheScope: Rule<Workflow> = {
  id: 'gha-cache-scope',
  severity: 'warning',
  summary: 'Builds that run in parallel write type=gha caches of different scopes.',
  explanation: `Without \`scope\` every build writes the cache \`buildkit\`. In a matrix, or with several images in a repository, the
last to end overwrites what the others wrote, and the next run finds the cache of one platform alone. Name the scope after what
is built: \`scope=\${{ matrix.platform }}\`, \`scope=server\`.`,
  bad: exampleWorkflow(inputs.replace(/,scope=\S+ matrix\.platform \}\}/g, ''), matrixJob),
  good: exampleWorkflow(inputs, matrixJob),
  *check(workflow) {
    const writes = buildsOf(workflow).flatMap(({ job, build }) =>
      build.cacheTo.filter(isGha).map(value => ({ job, build, value })),
    )
    for (const { job, build, value } of writes) {
      const scope = scopeOf(value)
      if (scope.includes('${{') || scope.includes('$')) continue
      const inMatrix = job.matrix && variesWithMatrix(job, build)
      const other = writes.find(
        one => one.build !== build && scopeOf(one.value) === scope && differs(one.build, build),
      )
      if (!inMatrix && !other) continue
      yield {
        start: value.start,
        end: value.end,
        message: inMatrix
          ? `every job of the matrix overwrites the cache ${scope}`
          : `another build of this file overwrites the cache ${scope}`,
        fix: inMatrix ? `scope=\${{ matrix.… }}` : 'scope=NAME, another for each image',
      }
    }
  },
}

/** Whether the runs of a matrix build different things: what the build is given speaks of the matrix. */
function variesWithMatrix(job: Job, { platforms, file, context, target, tags }: BuildCall): boolean {
  const texts = [
    ...platforms.map(({ value }) => value),
    file,
    context,
    target,
    ...tags.map(({ value }) => value),
    job.runsOn,
  ]
  return texts.some(text => /\bmatrix\b|\benv\./.test(text ?? ''))
}

/** Two builds of the same thing (to test it, then to push it) may share a cache. */
function differs(a: BuildCall, b: BuildCall): boolean {
  return (['file', 'context', 'target'] as const).some(
    key => a[key] !== b[key] && !(key === 'target' && (!a[key] || !b[key])),
  )
}

export const ghaCacheInRun: Rule<Workflow> = {
  id: 'gha-cache-in-run',
  severity: 'warning',
  summary: 'A type=gha cache is used where its token is: in an action’s step, not in a plain run: step.',
  explanation: `GitHub gives the variables of its cache service (\`ACTIONS_RUNTIME_TOKEN\`, \`ACTIONS_RESULTS_URL\`) to JavaScript
actions only. In a \`run:\` step buildx drops \`type=gha\` without an error, and every run starts cold. Use
docker/build-push-action, or export the variables first (crazy-max/ghaction-github-runtime). On other CI systems the service
does not exist: use \`type=registry\`.`,
  bad: `on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/setup-buildx-action@v4
      - run: docker buildx build --cache-from type=gha --cache-to type=gha,mode=max --push -t example.com/a:1 .
`,
  good: `on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/setup-buildx-action@v4
      - uses: crazy-max/ghaction-github-runtime@v4
      - run: docker buildx build --cache-from type=gha --cache-to type=gha,mode=max --push -t example.com/a:1 .
`,
  *check({ kind, jobs }) {
    if (kind === 'bake') return
    for (const job of jobs) {
      if (/ghaction-github-runtime|ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/.test(job.text)) continue
      for (const build of job.steps.flatMap(({ builds }) => builds)) {
        const cache =
          build.kind === 'command' ? [...build.cacheTo, ...build.cacheFrom].find(isGha) : undefined
        if (!cache) continue
        yield {
          start: cache.start,
          end: cache.end,
          message:
            kind === 'gitlab'
              ? 'GitLab has no cache service of GitHub: buildx drops this cache'
              : 'a run: step has no token for the cache service: buildx drops this cache',
          fix:
            kind === 'gitlab'
              ? 'type=registry,ref=IMAGE:cache,mode=max'
              : 'docker/build-push-action, or crazy-max/ghaction-github-runtime before it',
        }
      }
    }
  },
}

export const cacheModeMin: Rule<Workflow> = {
  id: 'cache-mode-min',
  severity: 'info',
  summary: 'A remote cache holds the layers of every stage: mode=max.',
  explanation: `The default, \`mode=min\`, keeps the layers of the resulting image only. What compiling left in the earlier stages
of a multi-stage Dockerfile, the slow part, is not in it.`,
  bad: exampleWorkflow(
    'platforms: linux/amd64,linux/arm64\npush: true\ncache-from: type=gha\ncache-to: type=gha',
  ),
  good: exampleWorkflow(
    'platforms: linux/amd64,linux/arm64\npush: true\ncache-from: type=gha\ncache-to: type=gha,mode=max',
  ),
  *check(workflow) {
    for (const { build } of buildsOf(workflow)) {
      for (const { value, start, end } of build.cacheTo) {
        if (!/type=(?:gha|registry|local|s3|azblob)\b/.test(value) || /mode=|\$/.test(value)) continue
        yield {
          start,
          end,
          message: 'this cache leaves out the layers of the stages that compile',
          fix: `${value},mode=max`,
        }
      }
    }
  },
}
