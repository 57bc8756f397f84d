import { Failure } from '../errors.ts'
import type { SourceInfo } from '../types.ts'
import { type Changes, readChanges } from './git-changes.ts'
import { git } from './run-git.ts'

/** What git says of a folder, and what a person should know of that. */
export interface GitInfo {
  readonly source: SourceInfo
  /** Whether `source.version` comes from a tag; else it is the bare hash. */
  readonly tagged: boolean
  readonly remarks: readonly string[]
}

/**
 * What git and the environment say of the source in `dir`: revision, branch, version and the time that every file of the
 * image gets. SOURCE_DATE_EPOCH of the environment goes before the commit's own date
 * (https://reproducible-builds.org/specs/source-date-epoch/). Without git and without a commit the epoch is 0.
 * @param known what git said of changes earlier, before something of the project's own may have made some
 * @throws {Failure} usage, when SOURCE_DATE_EPOCH is not a whole number of seconds.
 */
export async function readGit(dir: string, signal?: AbortSignal, known?: Changes): Promise<GitInfo> {
  const fromEnvironment = parseEpoch(process.env['SOURCE_DATE_EPOCH'])
  const none = { source: { epoch: fromEnvironment ?? 0 }, tagged: false, remarks: [] }
  const log = await git(dir, ['log', '-1', '--format=%H %ct', '--no-show-signature'], signal)
  if (log.refused) {
    const { why, fix } = log.refused
    const remark = `git refuses to read the repository, so nothing says revision and version: ${fix}   (${why})`
    return { ...none, source: { ...none.source, refused: log.refused }, remarks: [remark] }
  }
  const [, revision, committed] = /^([0-9a-f]{40,64}) (\d{1,12})$/.exec(log.text) ?? []
  if (!revision) return none
  const [place, branch, changes] = await Promise.all([
    git(dir, ['rev-parse', '--is-shallow-repository', '--show-prefix'], signal),
    git(dir, ['symbolic-ref', '--quiet', '--short', 'HEAD'], signal),
    known ?? readChanges(dir, signal),
  ])
  const [shallow, prefix = ''] = place.text.split('\n')
  const described = await describe(dir, prefix, signal)
  const { tag } = described
  const version = described.version && `${described.version}${changes.changed ? '-dirty' : ''}`
  return {
    source: {
      epoch: fromEnvironment ?? Number(committed),
      revision,
      ...(version && { version }),
      ...(tag && { tag }),
      ...(branch.text && { branch: branch.text }),
    },
    tagged: tag !== undefined,
    remarks: [...changes.remarks, ...(shallow === 'true' && !tag ? [shallowClone] : [])],
  }
}

const shallowClone =
  'This is a shallow clone without a tag, so no tag names the version: git fetch --unshallow --tags   (actions/checkout: fetch-depth: 0)'

/** `readGit` for whoever needs the facts alone. */
export async function readSource(dir: string, signal?: AbortSignal): Promise<SourceInfo> {
  return (await readGit(dir, signal)).source
}

/**
 * The version by the nearest tag of this project's own: at the repository's root `v1.2.3` (or `1.2.3`), in a folder of it
 * FOLDER/v1.2.3 without the prefix, as Go names the versions of nested modules (https://go.dev/ref/mod#vcs-version). Tags
 * of other modules never count. Without one, the short hash.
 */
async function describe(
  dir: string,
  prefix: string,
  signal?: AbortSignal,
): Promise<{ tag?: string; version?: string }> {
  // A folder is a literal text in the pattern that git matches tags with.
  const literal = prefix.replace(/[*?[\\]/g, '\\$&')
  const tags = [`${literal}v[0-9]*`, `${literal}[0-9]*`].flatMap(pattern => ['--match', pattern])
  const others = prefix === '' ? ['--exclude', '*/*'] : ['--exclude', `${literal}*/*`]
  const args = ['describe', '--tags', '--always', '--long', ...tags, ...others]
  // Not --dirty: it rewrites the index, whatever GIT_OPTIONAL_LOCKS says, and runs filters.
  const { text } = await git(dir, args, signal)
  const [, tag, distance, hash] = /^(.+)-(\d+)-g([0-9a-f]+)$/.exec(text) ?? []
  if (tag === undefined || !tag.startsWith(prefix)) {
    return /^[0-9a-f]{4,64}$/.test(text) ? { version: text } : {}
  }
  const own = (await highestTag(dir, prefix, tag, signal)).slice(prefix.length)
  return { tag: own, version: distance === '0' ? own : `${own}-${distance}-g${hash}` }
}

/**
 * The highest version among the tags of one commit, as Go and GoReleaser take it; git describe takes any of them. A
 * release is higher than its candidates.
 */
async function highestTag(dir: string, prefix: string, tag: string, signal?: AbortSignal): Promise<string> {
  const literal = prefix.replace(/[*?[\\]/g, '\\$&')
  const patterns = [`refs/tags/${literal}v[0-9]*`, `refs/tags/${literal}[0-9]*`]
  const sorted = ['--sort=-version:refname', '--format=%(refname:strip=2)', '--count=1']
  const args = ['for-each-ref', `--points-at=${tag}^{}`, ...sorted, ...patterns]
  const { text } = await git(dir, ['-c', 'versionsort.suffix=-', ...args], signal)
  return text.startsWith(prefix) ? text : tag
}

/** Reads a SOURCE_DATE_EPOCH; undefined when it is not set. Seconds since 1970. */
export function parseEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  // The image config writes times as RFC 3339, which ends with the year 9999.
  if (/^\d{1,12}$/.test(text) && Number(text) <= 253402300799) return Number(text)
  throw new Failure({
    kind: 'usage',
    what: `SOURCE_DATE_EPOCH is ${JSON.stringify(text)}`,
    why: 'it is a whole number of seconds since 1970, up to the year 9999',
    fix: 'export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)',
  })
}
