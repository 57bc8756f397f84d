import { Failure } from '../errors.ts'
import { run } from '../process.ts'
import type { SourceInfo } from '../types.ts'

/**
 * What git and the environment say of the source in `dir`: revision, version and the time that every file of the image
 * gets. SOURCE_DATE_EPOCH of the environment goes before the commit's own date
 * (https://reproducible-builds.org/specs/source-date-epoch/). Without git and without a commit the epoch is 0.
 * @throws {Failure} usage, when SOURCE_DATE_EPOCH is not a whole number of seconds.
 */
export async function readSource(dir: string, signal?: AbortSignal): Promise<SourceInfo> {
  const fromEnvironment = parseEpoch(process.env['SOURCE_DATE_EPOCH'])
  const log = await git(dir, ['log', '-1', '--format=%H %ct'], signal)
  const describe = log && (await git(dir, ['describe', '--tags', '--always', '--dirty'], signal))
  const [revision, committed] = log?.split(' ') ?? []
  return {
    epoch: fromEnvironment ?? (committed === undefined ? 0 : Number(committed)),
    ...(revision && { revision }),
    ...(describe && { version: describe }),
  }
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

/** One line of git's output, or undefined where git, the repository or the commit is missing. */
async function git(dir: string, args: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
  const command = { tool: 'git', args, cwd: dir }
  try {
    const result = await run(command, { signal })
    return result.ok ? result.stdout.trim() || undefined : undefined
  } catch (error) {
    if (error instanceof Failure && error.kind === 'tool') return undefined
    throw error
  }
}
