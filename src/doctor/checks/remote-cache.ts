import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import { readIfThere } from '../../lint/lint-files.ts'
import { lintWorkflow } from '../../lint/lint-workflow.ts'
import { count } from '../../util/format.ts'
import type { Check } from '../check.ts'
import { namedCaches } from '../named-caches.ts'
import { combine, notApplicable, type Outcome, ok, warning } from '../outcome.ts'
import type { LintableFile } from '../project-files.ts'

/** The rules of lint that say something about a cache. */
const cacheRules = ['no-remote-cache', 'gha-cache-scope', 'gha-cache-in-run', 'cache-mode-min']

/** What keeps the caches of toolchains between runs. */
const keepsCaches =
  /actions\/cache|setup-go|rust-cache|setup-zig|sccache|GOCACHEPROG|uses: .*xbuild|^\s*cache:/m
const callsXbuild = /(?:^|[\s;&|/])xbuild(?:\s+(?:build|-)|\s*$)/m

export const remoteCache: Check = {
  id: 'remote-cache',
  title: 'Remote cache',
  question: 'Does what CI builds have a cache that outlives the run?',
  findings:
    'Workflows, .gitlab-ci.yml and `[cache]` of xbuild.toml are read. A warning where a build has none, or where caches overwrite each other.',
  run: async ({ options, files }) => {
    const configured = options instanceof Failure ? [] : namedCaches(options.buildx)
    const outcomes = (await files('workflow')).flatMap(judge)
    if (outcomes.length === 0)
      return configured.length > 0
        ? ok(`[cache] names ${configured.join(' and ')}`)
        : notApplicable('no workflow builds an image here, and [cache] names none')
    return combine(outcomes, details => ok(`${count(outcomes.length, 'workflow')} with a cache`, details))
  },
}

/** What a workflow that builds something says of caches; nothing for one that builds nothing. */
function judge({ path, text, root }: LintableFile): Outcome[] {
  const builds = /docker\/(?:build-push|bake)-action|docker\s+(?:buildx|build)\b/.test(text)
  const isXbuild = callsXbuild.test(text)
  if (!builds && !isXbuild) return []
  const readDockerfile = (wanted: string) => readIfThere(join(root, wanted))
  const findings = lintWorkflow(text, path, { readDockerfile }).filter(({ ruleId }) =>
    cacheRules.includes(ruleId),
  )
  const bad = findings.map(({ line, message, fix, ruleId }) =>
    warning({ why: `${path}:${line}: ${message}`, fix: fix ?? `xbuild lint --explain ${ruleId}` }),
  )
  if (isXbuild && !keepsCaches.test(text))
    bad.push(
      warning({
        why: `${path}: xbuild compiles from nothing in every run, for nothing keeps the toolchain’s caches`,
        fix: 'actions/cache with ~/.cache/go-build, ~/.cargo and target, or ~/.cache/zig (docs/caching.md has them)',
      }),
    )
  return bad.length > 0 ? bad : [ok(path)]
}
