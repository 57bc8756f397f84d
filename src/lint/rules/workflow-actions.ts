import type { Stage } from '../../dockerfile/model.ts'
import { parseDockerfile } from '../../dockerfile/parse.ts'
import { lineage, sourcesOf } from '../../dockerfile/stages.ts'
import type { Rule } from '../finding.ts'
import type { BuildCall, Workflow } from '../workflow/model.ts'
import { dockerfilesOf, exampleWorkflow } from './workflow-build.ts'

/**
 * The first major of each action that runs on Node.js 20, and the first on Node.js 24 (each action's own action.yml). Runners
 * dropped Node.js 12 and 16 long ago, and Node.js 20 in September 2026.
 */
const majors: Readonly<Record<string, readonly [node20: number, node24: number]>> = {
  'actions/checkout': [4, 5],
  'actions/setup-go': [5, 6],
  'actions/setup-node': [4, 5],
  'actions/cache': [4, 5],
  'actions/upload-artifact': [4, 6],
  'actions/download-artifact': [4, 7],
  'docker/build-push-action': [5, 7],
  'docker/bake-action': [4, 7],
  'docker/login-action': [3, 4],
  'docker/metadata-action': [5, 6],
  'docker/setup-buildx-action': [3, 4],
  'docker/setup-qemu-action': [3, 4],
}

export const retiredAction: Rule<Workflow> = {
  id: 'retired-action',
  severity: 'warning',
  summary: 'Actions run on a Node.js that runners still have.',
  explanation: `Versions that were made for Node.js 12 or 16 fail, or run on another Node.js than they were made for, and the
old cache and artifact versions speak to services that were shut down. Versions made for Node.js 20 (only information here)
lost it in September 2026. Versions pinned by a digest are read from the comment after it (\`# v7.0.0\`).`,
  bad: exampleWorkflow('push: true\ntags: example.com/a:1').replace(
    'build-push-action@v7',
    'build-push-action@v3',
  ),
  good: exampleWorkflow('push: true\ntags: example.com/a:1'),
  *check({ jobs }) {
    for (const { uses, usesComment } of jobs.flatMap(({ steps }) => steps)) {
      const [, name = '', version = ''] = /^([^@/]+\/[^@/]+)@(.+)$/.exec(uses?.value ?? '') ?? []
      const known = majors[name.toLowerCase()]
      const [, major] =
        /^v?(\d{1,3})(?![0-9a-f])/.exec(/^[0-9a-f]{40}$/.test(version) ? usesComment : version) ?? []
      if (!uses || !known || major === undefined || Number(major) >= known[1]) continue
      const old = Number(major) < known[0]
      yield {
        start: uses.start,
        end: uses.end,
        message: `${name} v${major} was made for Node.js ${old ? '16 or older' : '20'}, which runners no longer have`,
        fix: `${name}@v${known[1]}`,
        ...(!old && { severity: 'info' as const }),
      }
    }
  },
}

const sample = exampleWorkflow(
  'context: .\nplatforms: linux/amd64,linux/arm64\npush: true\ntags: example.com/a:1\ncache-to: type=gha,mode=max',
)

export const qemuNotNeeded: Rule<Workflow> = {
  id: 'qemu-not-needed',
  severity: 'info',
  summary: 'Emulators are set up only where a build runs something on the target platform.',
  explanation: `Where every stage with a \`RUN\` is pinned to \`$BUILDPLATFORM\`, nothing of the target platform runs, and
\`docker/setup-qemu-action\` only costs time; worse, it hides the day on which somebody adds a \`RUN\` to the last stage. Without it
that build fails at once. Looked at where the Dockerfile of every build of the job can be read.`,
  bad: `# Dockerfile: COPY app-* /app
${sample.replace('- uses: docker/setup-buildx', '- uses: docker/setup-qemu-action@v4\n      - uses: docker/setup-buildx')}`,
  good: `# Dockerfile: RUN apt-get update
${sample.replace('- uses: docker/setup-buildx', '- uses: docker/setup-qemu-action@v4\n      - uses: docker/setup-buildx')}`,
  *check({ jobs, readDockerfile }) {
    for (const job of jobs) {
      const qemu = job.steps.find(({ uses }) => uses?.value.startsWith('docker/setup-qemu-action@'))?.uses
      const builds = job.steps.flatMap(step => step.builds)
      if (!qemu || builds.length === 0) continue
      const others = job.steps.some(
        ({ builds, run = '', uses }) =>
          (builds.length === 0 && /docker|podman|qemu|binfmt|buildah|nix|make|task|\.sh\b/.test(run)) ||
          /bake-action|goreleaser|cibuildwheel|\.\//.test(uses?.value ?? ''),
      )
      if (others || builds.some(build => runsOnTarget(build, readDockerfile) !== false)) continue
      yield {
        start: qemu.start,
        end: qemu.end,
        message: 'no build of this job runs anything on the target platform: it needs no emulator',
        fix: 'remove this step',
      }
    }
  },
}

/** Whether a step of the build runs on the target platform; undefined where the Dockerfile cannot be read. */
function runsOnTarget(build: BuildCall, readDockerfile: Workflow['readDockerfile']): boolean | undefined {
  const [path] = dockerfilesOf(build)
  const text = path === undefined ? undefined : readDockerfile(path)
  if (path === undefined || text === undefined) return undefined
  const { stages } = parseDockerfile(text, path)
  const last =
    build.target === undefined
      ? stages.at(-1)
      : stages.find(({ name }) => name === build.target?.toLowerCase())
  if (!last) return undefined
  const needed = new Set<Stage>()
  const visit = (stage: Stage) => {
    for (const one of lineage(stage)) {
      if (needed.has(one)) continue
      needed.add(one)
      for (const source of sourcesOf(one, stages)) visit(source)
    }
  }
  visit(last)
  const all = [...needed]
  if (
    all.some(
      ({ image, platform }) => image.includes('$') || platform === 'unknown' || platform === 'constant',
    )
  )
    return undefined
  return all.some(
    ({ platform, instructions }) =>
      platform === 'target' && instructions.some(({ keyword, onbuild }) => keyword === 'RUN' && !onbuild),
  )
}
