import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import type { Options } from '../../config/options.ts'
import { detectLanguage } from '../../languages/index.ts'
import type { LanguageName } from '../../languages/options.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import { redactAll } from '../../util/redact.ts'
import { isSecretName } from '../../util/secret-name.ts'
import { goCache } from './go.ts'
import type { CachedFolder, CacheRecipe } from './recipe.ts'
import { rustCache } from './rust.ts'
import { zigCache } from './zig.ts'

const recipes: Readonly<Record<LanguageName, CacheRecipe>> = { go: goCache, rust: rustCache, zig: zigCache }

/** What of the toolchain's to keep between two runs of a CI, and under which name. */
export interface ToolchainCache {
  readonly language: LanguageName
  /** Of this run alone: what is kept changes with every build, and a CI's cache never changes what it has. */
  readonly key: string
  /** Beginnings of the keys of earlier runs, the best first. */
  readonly restoreKeys: readonly string[]
  readonly folders: readonly CachedFolder[]
}

/**
 * Which folders to keep, and under which key: the toolchain, what changes the compile, the programs that were asked for, the
 * lock files, and the run. `restoreKeys` find the newest run of the same programs with the same lock files, then the newest of
 * those programs, then the newest with the same toolchain.
 * @throws {Failure} tool or project, when the toolchain is missing or cannot read the project.
 */
export async function toolchainCache(
  options: Options,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ToolchainCache> {
  const { name: language } = await detectLanguage(options.dir, options.lang)
  const recipe = recipes[language]
  const { toolchain, locks, folders } = await recipe.read(options, signal)
  const machine = [language, env['RUNNER_OS'] ?? process.platform, env['RUNNER_ARCH'] ?? process.arch]
  const stem = ['xbuild', ...machine, toolchain, settingsDigest(options, recipe, env)].join('-')
  const own = [stem, ...binsDigest(options)].join('-')
  const locked = `${own}-${await lockDigest(options.dir, locks)}`
  const restoreKeys = [...new Set([`${locked}-`, `${own}-`, `${stem}-`])]
  return { language, key: `${locked}-${runOf(env)}`, restoreKeys, folders }
}

/** Jobs of a matrix for one platform differ in their programs alone: with one key, each would drop what the others keep. */
function binsDigest({ bins }: Options): string[] {
  return bins.length === 0 ? [] : [digest([...bins].sort(), 8)]
}

/** GitHub's run and attempt, GitLab's job, or nothing. */
function runOf(env: NodeJS.ProcessEnv): string {
  const run = env['GITHUB_RUN_ID']
    ? `${env['GITHUB_RUN_ID']}-${env['GITHUB_RUN_ATTEMPT'] ?? '1'}`
    : env['CI_JOB_ID']
  return run ?? 'local'
}

/** Everything but the sources that decides what is compiled. Secrets are left out: they change, and keys are public. */
function settingsDigest(
  { dir, platforms, language }: Options,
  recipe: CacheRecipe,
  env: NodeJS.ProcessEnv,
): string {
  const variables = Object.entries(env)
    .filter(([name]) => recipe.variables.test(name) && !isSecretName(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const root = env['GITHUB_WORKSPACE'] ?? env['CI_PROJECT_DIR']
  const { go, rust, zig, c } = language
  const place = root ? relative(root, dir) : ''
  return digest(redactAll([place, platforms.map(({ id }) => id).sort(), go, rust, zig, c, variables]), 8)
}

async function lockDigest(dir: string, locks: readonly string[]): Promise<string> {
  const texts = await Promise.all(locks.map(async lock => [relative(dir, lock), await readTextIfThere(lock)]))
  return digest(texts, 16)
}

function digest(value: unknown, length: number): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, length)
}
