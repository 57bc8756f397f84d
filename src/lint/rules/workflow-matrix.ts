import type { Rule } from '../finding.ts'
import { type BuildCall, isTrue, type Job, type Workflow } from '../workflow/model.ts'
import { exampleWorkflow } from './workflow-build.ts'

const matrix = `strategy:
      matrix:
        platform: [linux/amd64, linux/arm64]
    runs-on: ubuntu-latest`
const byTag = `platforms: \${{ matrix.platform }}
push: true
tags: ghcr.io/example/server:1.0
cache-from: type=gha,scope=\${{ matrix.platform }}
cache-to: type=gha,mode=max,scope=\${{ matrix.platform }}`

export const matrixOneTag: Rule<Workflow> = {
  id: 'matrix-one-tag',
  severity: 'error',
  summary: 'The jobs of a platform matrix push by digest, not all of them the same tag.',
  explanation: `Each job pushes an image of its own platform, and a tag names one thing: the job that ends last wins, and everybody
on another platform gets \`exec format error\` or \`no matching manifest\`. Push by digest
(\`outputs: type=image,name=IMAGE,push-by-digest=true,name-canonical=true,push=true\`) and join the digests in a later job
(\`docker buildx imagetools create\`, or \`xbuild merge\`, which also refuses a platform that is missing or there twice and reads the
result back), or give each job a tag of its own.`,
  bad: exampleWorkflow(byTag, matrix),
  good: exampleWorkflow(
    byTag.replace(
      /push: true\ntags: .*/,
      'outputs: type=image,name=ghcr.io/example/server,push-by-digest=true,name-canonical=true,push=true',
    ),
    matrix,
  ),
  *check({ jobs }) {
    for (const job of jobs) {
      if (!job.matrix) continue
      for (const build of job.steps.flatMap(({ builds }) => builds)) {
        const [tag] = build.tags
        if (!tag || !pushes(build) || !isPerPlatform(job, build) || variesByJob(job, build)) continue
        yield {
          start: tag.start,
          end: tag.end,
          message: 'every job of the matrix pushes its platform under the same tag: the last one wins',
          fix: 'push by digest and join the digests in a later job (docker buildx imagetools create, or xbuild merge)',
        }
      }
    }
  },
}

function pushes({ push, outputs }: BuildCall): boolean {
  if (outputs.some(({ value }) => /push-by-digest|\$/.test(value))) return false
  // What only the run knows (on pull requests no) pushes sometimes.
  return isTrue(push) !== false || outputs.some(({ value }) => /type=registry|push=true/.test(value))
}

/** Whether each run of the matrix builds another platform. */
function isPerPlatform({ runsOn }: Job, { platforms, kind }: BuildCall): boolean {
  if (platforms.length > 0)
    return (
      platforms.every(({ value }) => /matrix\.|\$\{?(?:PLATFORM|ARCH)/.test(value)) && platforms.length === 1
    )
  return kind !== 'bake' && /matrix\.(?:\w*runner\w*|os|\w*arch\w*|\w*platform\w*)/.test(runsOn)
}

/** Whether the tags differ from run to run, or may: they speak of the matrix, or are made by a step that does. */
function variesByJob({ steps, text }: Job, { tags }: BuildCall): boolean {
  // A registry inside the job is another one in each run.
  if (/image:\s*["']?(?:docker\.io\/)?(?:library\/)?registry:|localhost:\d+/.test(text)) return true
  const all = tags.map(({ value }) => value).join('\n')
  if (
    /matrix\b|\$\{?[A-Za-z_]|\benv\./.test(
      all.replace(
        /\$\{\{\s*(?:github|secrets|vars|inputs|needs|steps|env\.(?:REGISTRY|IMAGE\w*|REPO\w*|DOCKER\w*))[^}]*\}\}/g,
        '',
      ),
    )
  )
    return true
  const makers = [...all.matchAll(/steps\.([\w-]+)\./g)].map(([, id]) => id)
  if (makers.some(id => !steps.some(step => step.id === id))) return true
  return steps.some(
    step => makers.includes(step.id) && /matrix\.|\benv\.(?!REGISTRY|IMAGE|REPO|DOCKER)/.test(step.text),
  )
}
