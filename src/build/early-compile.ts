import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Options } from '../config/options.ts'
import type { RunResult } from '../process.ts'
import type { Step } from '../types.ts'
import { writeFileAtomically } from '../util/atomic.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../util/temporary-folder.ts'
import { type EarlySteps, runHere } from './compile.ts'
import { lastBuildFile, restoreLastBinaries } from './last-build.ts'
import { isSame, type LastCommands, readLastCommands } from './last-commands.ts'
import type { Plan } from './plan.ts'
import { makeWorkFolder } from './work-folder.ts'

/** The compilers of the last build, at work before there is a plan. */
export interface EarlyCompile extends EarlySteps {
  /** The run's temporary folder, which they write into. */
  readonly folder: TemporaryFolder
  /** Whether the plan would have started just these. */
  fits(plan: Plan): boolean
  /** Ends those that still run, and removes the folder. */
  end(): Promise<void>
}

/**
 * Starts the compilers as the last build did, for the next one most often differs in the sources alone, and reading the
 * project takes as long as a processor is idle. A plan that is another one ends them, and nothing of them is kept.
 * @returns undefined where the last build was another, or something has to come before the compilers
 */
export async function startEarly(options: Options, signal: AbortSignal): Promise<EarlyCompile | undefined> {
  const { before, compile, dist } = options
  if (before.length > 0 || compile.place !== 'host' || !existsSync(join(dist, lastBuildFile)))
    return undefined
  const last = readLastCommands(options)
  if (!last) return undefined
  const folder = await makeWorkFolder(dist).catch(() => undefined)
  if (!folder) return undefined // the build itself says why
  const temporary = await makeTemporaryFolder('xbuild-compile-').catch(() => undefined)
  const ending = new AbortController()
  const steps = await start(last, {
    dist,
    work: folder.path,
    logs: join(dist, 'logs'),
    temporary: temporary?.path,
    signal: AbortSignal.any([signal, ending.signal]),
  }).catch(() => undefined)
  if (!steps) {
    // A file that cannot be written: a plan may need it no more, and says so where it does.
    await Promise.all([folder.remove(), temporary?.remove()])
    return undefined
  }
  const results = [...steps.values()].map(({ result }) => result)
  return {
    folder,
    fits: plan => isSame(last, plan, options),
    take({ title }, either, onStderr) {
      if (either.aborted) ending.abort()
      either.addEventListener('abort', () => ending.abort(), { once: true })
      const step = steps.get(title)
      // Once: what runs again because of a race runs anew.
      steps.delete(title)
      return step?.hear(onStderr)
    },
    async end() {
      ending.abort()
      await Promise.allSettled(results)
      await Promise.all([folder.remove(), temporary?.remove()])
    },
  }
}

interface StartContext {
  readonly dist: string
  readonly work: string
  readonly logs: string
  readonly temporary: string | undefined
  readonly signal: AbortSignal
}

interface Started {
  readonly result: Promise<RunResult>
  /** What it has said, and what it will say, goes to `onStderr`. */
  hear(onStderr: (line: string) => void): Promise<RunResult>
}

/** Starts as many steps as run at once, by their titles. */
async function start(last: LastCommands, context: StartContext): Promise<Map<string, Started>> {
  await restoreLastBinaries({ dist: context.dist, project: last.project, compile: last }, context.work)
  for (const file of last.files) await writeFileAtomically(file.path, file.text, { mode: file.mode })
  return new Map(last.steps.slice(0, last.concurrency).map(step => [step.title, startStep(step, context)]))
}

function startStep(step: Step, context: StartContext): Started {
  const said: string[] = []
  let listen = (line: string) => {
    said.push(line)
  }
  const result = runHere(step, context, line => listen(line))
  result.catch(() => {}) // thrown where it is taken
  return {
    result,
    hear(onStderr) {
      said.forEach(onStderr)
      listen = onStderr
      return result
    },
  }
}
