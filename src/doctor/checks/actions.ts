import { Failure } from '../../errors.ts'
import type { Check } from '../check.ts'
import { namedCaches } from '../named-caches.ts'
import { notApplicable, ok, problem, warning } from '../outcome.ts'

/** What the token of GitHub's cache service says of itself: a scope is a branch or tag. */
interface Token {
  readonly scopes: readonly { readonly name: string; readonly canWrite: boolean }[]
  /** Milliseconds since 1970. */
  readonly expires: number
}

export const actions: Check = {
  id: 'actions',
  title: 'GitHub Actions',
  question:
    'In a job of GitHub Actions: is the cache service there for `type=gha`, in version 2, and may this run write to it?',
  findings:
    'A problem where `[cache]` names `type=gha` and buildx would drop it without a word; else a warning.',
  run: async ({ env, options, machine }) => {
    if (env['GITHUB_ACTIONS'] !== 'true') return notApplicable('this is no job of GitHub Actions')
    const caches = options instanceof Failure ? [] : namedCaches(options.buildx)
    const isUsed = caches.some(cache => /(?:^|,)type=gha(?:,|$)/.test(cache))
    const lacking = isUsed ? problem : warning
    const token = env['ACTIONS_RUNTIME_TOKEN']
    if (!token || !(env['ACTIONS_RESULTS_URL'] || env['ACTIONS_CACHE_URL'])) {
      if (!isUsed)
        return ok('no token of the cache service, as in every run: step; nothing here uses type=gha')
      return problem({
        why: 'a run: step has no token of the cache service, so buildx drops type=gha',
        fix: 'uses: crazy-max/ghaction-github-runtime@v4   before this step',
      })
    }
    if (!/^(?:true|1)$/i.test(env['ACTIONS_CACHE_SERVICE_V2'] ?? '') || !env['ACTIONS_RESULTS_URL'])
      return lacking({
        why: 'version 1 of the cache service ended in April 2025, and ACTIONS_CACHE_SERVICE_V2 does not say that this is 2',
        fix: 'export ACTIONS_CACHE_SERVICE_V2=true   with ACTIONS_RESULTS_URL of the runner',
      })
    const read = readToken(token)
    if (!read) return warning({ why: 'ACTIONS_RUNTIME_TOKEN is not a token that says what it allows' })
    if (read.expires < machine.now())
      return lacking({
        why: `ACTIONS_RUNTIME_TOKEN expired at ${new Date(read.expires).toISOString()}`,
        fix: 're-run the job',
      })
    const names = (canWrite: boolean) =>
      read.scopes.filter(scope => scope.canWrite === canWrite).map(({ name }) => name)
    const scopes = [
      `writes: ${names(true).join(', ') || 'none'}`,
      `only reads: ${names(false).join(', ') || 'none'}`,
    ]
    if (names(true).length > 0) return ok('the cache service is there', scopes)
    return warning({
      why: 'this run may read the cache and not write it, as for a pull request of a fork',
      details: scopes,
      fix: '--cache-to for pushes to the default branch alone',
    })
  },
}

/** The claims of the token that matter: `exp`, and `ac`, which is JSON in a string. */
function readToken(token: string): Token | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const scopes = JSON.parse(claims.ac) as { Scope: string; Permission: number }[]
    return {
      expires: Number(claims.exp) * 1000 || Number.POSITIVE_INFINITY,
      // 1 reads, 2 writes, 3 does both.
      scopes: scopes.map(({ Scope, Permission }) => ({
        name: String(Scope),
        canWrite: (Permission & 2) !== 0,
      })),
    }
  } catch {
    return undefined
  }
}
