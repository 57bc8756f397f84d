import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configFile } from '../../config/load.ts'
import type { Options } from '../../config/options.ts'
import { languages } from '../../languages/index.ts'
import { readChecked, writeChecked } from '../../util/checked-file.ts'
import { redactAll } from '../../util/redact.ts'
import { sccacheOf } from '../compile-cache.ts'
import { keptBinaries, type LastBuild } from '../last-build.ts'
import type { Plan } from '../plan.ts'
import {
  commandsPath,
  contentOf,
  type LastCommands,
  type WrittenCommands,
  type WrittenPlan,
} from './last-commands.ts'

/** Keeps how the build of a command line compiled, where the next one may begin with it. */
export function recordCommands(args: readonly string[], plan: Plan, options: Options, last: LastBuild): void {
  try {
    const path = commandsPath(args)
    const written = mayBegin(plan, options) && JSON.stringify(describe(plan, options, last))
    if (!written) rmSync(path, { force: true })
    else if (readChecked(path)?.toString() !== written) writeChecked(path, () => Buffer.from(written))
  } catch {
    // no home folder, say: the next build begins when it has a plan
  }
}

/** Whether a plan compiles just as the last build did, and with nothing before it. */
export function isSame(last: LastCommands, plan: Plan, options: Options): boolean {
  return mayBegin(plan, options) && plan.dist === last.dist && textOf(plan) === last.text
}

/**
 * Whether a plan's compilers may run before there is a plan: not where something has to come first, where they write more than
 * their outputs, or where their command lines hold a secret, which would lie in a file. The server of sccache comes first
 * too: cargo would start it with a folder for temporary files that goes with the run.
 */
function mayBegin(plan: Plan, { before, compile, language }: Options): boolean {
  const { files, prepare, steps } = plan.compile
  if (before.length > 0 || compile.place !== 'host') return false
  if (!plan.warm || prepare.length > 0 || (plan.project.keptFiles ?? []).length > 0) return false
  if (sccacheOf(plan)) return false
  if (!steps.every(({ stage, cacheLog }) => stage === undefined && cacheLog === undefined)) return false
  const hasSecret = JSON.stringify(redactAll([files, steps])) !== JSON.stringify([files, steps])
  return !hasSecret && !JSON.stringify(language).includes('{env.')
}

function describe(plan: Plan, { dir }: Options, last: LastBuild): WrittenCommands {
  return {
    dist: plan.dist,
    binaries: keptBinaries(last, plan),
    watched: watchedFiles(dir).map(path => [path, contentOf(path)]),
    text: textOf(plan),
  }
}

function textOf({ project, compile }: Plan): string {
  const { name, version } = project.toolchain
  const written: WrittenPlan = {
    language: project.language,
    toolchain: { name, version },
    files: compile.files,
    concurrency: compile.concurrency,
    steps: compile.steps.map(step => ({
      ...step,
      produces: step.produces.map(item => ({ ...item, platform: item.platform.id })),
    })),
  }
  return JSON.stringify(written)
}

/**
 * The files that say whether something has to come before the compilers: xbuild.toml has steps of the project's own, and another
 * toolchain or package has to be installed or fetched first by one command alone.
 */
function watchedFiles(dir: string): string[] {
  const names = Object.values(languages).flatMap(({ watchedFiles = [] }) => watchedFiles)
  const folders = [dir]
  for (let above = dirname(dir); above !== folders.at(-1); above = dirname(above)) folders.push(above)
  return [join(dir, configFile), ...folders.flatMap(folder => names.map(name => join(folder, name)))]
}
