import { Failure } from '../errors.ts'
import { run } from '../process.ts'
import { hardenedGit } from '../util/git-settings.ts'
import { quoteWord } from '../util/quote-word.ts'

interface GitAnswer {
  readonly ok: boolean
  /** Absent where git could not be started. */
  readonly exitCode?: number | undefined
  /** Empty where git, the repository or what was asked for is missing. */
  readonly text: string
  readonly refused?: { readonly why: string; readonly fix: string }
}

/**
 * English, so that git's refusals can be told apart. And no remote is asked, whatever the repository says of one: git
 * fetches what a partial clone lacks, over a protocol and with programs that its own settings name.
 */
const env = { LC_ALL: 'C', GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1' }

/** What git prints of a repository that may come from anybody. */
export async function git(dir: string, args: readonly string[], signal?: AbortSignal): Promise<GitAnswer> {
  try {
    const result = await run({ tool: 'git', args: [...hardenedGit, ...args], cwd: dir, env }, { signal })
    if (result.ok) return { ok: true, text: result.stdout.trimEnd() }
    const refused = refusal(result.stderr, dir)
    return { ok: false, exitCode: result.exitCode, text: '', ...(refused && { refused }) }
  } catch (error) {
    if (error instanceof Failure && error.kind === 'tool') return { ok: false, text: '' }
    throw error
  }
}

/** Why git does not read a repository that is there; undefined where there is none, or it has no commit yet. */
function refusal(stderr: string, dir: string): GitAnswer['refused'] {
  const [why = ''] = /^fatal: .*$/m.exec(stderr) ?? []
  const [, owned] = /dubious ownership in repository at '(.*)'/.exec(why) ?? []
  if (owned !== undefined) {
    return { why, fix: `git config --global --add safe.directory ${quoteWord(owned)}` }
  }
  if (why === '' || /not a git repository|does not have any commits yet|bad default revision/.test(why)) {
    return undefined
  }
  return { why, fix: `git -C ${quoteWord(dir)} status` }
}
