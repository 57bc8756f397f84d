import { createHash } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { benchFile } from '../../bench/measure/store.ts'
import { type Options, resolveOptions } from '../../config/options.ts'
import { isFailure } from '../../errors.ts'
import type { LanguageName } from '../../languages/options.ts'
import { cleanText } from '../../util/printable.ts'
import { withoutCommands, workflowCommand } from '../../util/workflow-command.ts'
import { toolchainCache } from '../cache/plan.ts'
import { findCacheService } from '../github/cache-service.ts'
import type { CacheUse } from '../summary.ts'
import type { ActionContext } from './context.ts'
import { readInput, readSwitch } from './inputs.ts'
import { parseList } from './lists.ts'
import { type CacheWork, restoreToolchain, saveToolchain } from './toolchain.ts'

/** What the Action keeps between runs: what the toolchain made, and the measurements of emulated builds. */
export interface ActionCaches {
  restore(): Promise<void>
  /** @param since when the build began, in milliseconds since 1970 */
  save(since: number): Promise<void>
  /** Whether a later run finds what this one measures. */
  readonly keepsMeasurements: boolean
  /** What the toolchain's cache gave and took, for the summary. */
  use(): CacheUse
}

/** Nothing here fails a build: what cannot be done is said, in the log and in the summary. */
export async function openCaches(
  context: ActionContext,
  dir: string,
  temporary: string,
): Promise<ActionCaches> {
  const { env, signal, print } = context
  const say = (text: string) => print(withoutCommands(cleanText(text)))
  const none = (note: string): ActionCaches => {
    say(`Toolchain cache: ${note}`)
    return {
      keepsMeasurements: false,
      restore: async () => {},
      save: async () => {},
      use: () => ({ note }),
    }
  }
  if (readSwitch('no-cache', env)) return none('not used, for no-cache is set')
  if (readSwitch('toolchain-cache', env) === false) return none('not used, for toolchain-cache is false')
  const service = findCacheService(env)
  if (typeof service === 'string') return none(`not used: ${service}`)
  const shared = { service, temporary, signal }
  try {
    const options = await optionsOf(env, dir)
    const toolchain: CacheWork = { ...shared, cache: await toolchainCache(options, signal, env) }
    const bench = (await hasMeasurements(options.dir))
      ? undefined
      : { ...shared, cache: benchCache(options, env) }
    let use: CacheUse = {}
    let measured: CacheUse = {}
    return {
      keepsMeasurements: bench !== undefined && service.reads && service.writes,
      restore: async () => {
        print(workflowCommand('group', {}, 'Restore what the toolchain kept'))
        ;[use, measured] = await Promise.all([
          restoreToolchain(toolchain),
          bench ? restoreToolchain(bench) : {},
        ])
        if (bench) await hideFromGit(dirname(benchFile(options.dir)))
        say(use.restored ? `Restored ${use.restored}` : (use.note ?? 'Nothing to restore'))
        print(workflowCommand('endgroup', {}, ''))
      },
      save: async since => {
        print(workflowCommand('group', {}, 'Keep what the toolchain made'))
        const note = await saveToolchain(toolchain, use, since)
        if (bench) await saveToolchain(bench, measured, since)
        use = { ...use, note }
        say(note)
        print(workflowCommand('endgroup', {}, ''))
      },
      use: () => use,
    }
  } catch (error) {
    // The build says it better, and in its own words.
    if (isFailure(error) && error.kind !== 'interrupted') return none(`not used: ${error.what}`)
    throw error
  }
}

/** Whether the repository brings its measurements along: then those are the ones that count. */
async function hasMeasurements(dir: string): Promise<boolean> {
  return access(benchFile(dir)).then(
    () => true,
    () => false,
  )
}

/** Go calls a checkout with a new file in it modified, and says so in the program. */
async function hideFromGit(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx' })
  } catch {
    // It is there already, or nothing can be written there: then there is no new file either.
  }
}

function optionsOf(env: NodeJS.ProcessEnv, dir: string) {
  const platform = parseList(readInput('platforms', env))
  const bin = parseList(readInput('bin', env))
  const lang = readInput('lang', env)
  return resolveOptions(
    {
      dir,
      ...(platform.length > 0 && { platform }),
      ...(bin.length > 0 && { bin }),
      ...(lang && { lang: lang as LanguageName }),
    },
    env,
  )
}

/** `.xbuild/bench.json`, which the repository does not have. All jobs of a matrix have the same GITHUB_JOB. */
function benchCache({ dir, platforms, bins }: Options, env: NodeJS.ProcessEnv): CacheWork['cache'] {
  const path = dirname(benchFile(dir))
  const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8)
  const stem = `xbuild-bench-${digest(path)}`
  const own = `${stem}-${digest(JSON.stringify([platforms.map(({ id }) => id).sort(), [...bins].sort()]))}`
  const key = `${own}-${env['GITHUB_RUN_ID'] ?? 'local'}-${env['GITHUB_RUN_ATTEMPT'] ?? '1'}-${env['GITHUB_JOB'] ?? ''}`
  return {
    key,
    restoreKeys: [`${own}-`, `${stem}-`],
    folders: [{ path, holds: 'measurements', findUsed: async () => file => file === 'bench.json' }],
  }
}
