import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from '../../process.ts'
import type { Step } from '../../types.ts'
import { writeFileAtomically } from '../../util/atomic.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../../util/temporary-folder.ts'
import { lastBuildFile, restore } from '../kept-binary.ts'
import { runHere, type StepContext } from '../run-step.ts'
import { type LastCommands, readLastCommands } from './last-commands.ts'

/** The compilers of the last build, at work before there is a plan. */
export interface EarlyCompile {
  /** How they were started. */
  readonly last: LastCommands
  /** The run's temporary folder, which they write into. */
  readonly folder: TemporaryFolder
  /**
   * The run of this step, which `signal` ends and whose lines go to `onStderr` from here on; undefined where it was not
   * started.
   */
  take(step: Step, signal: AbortSignal, onStderr: (line: string) => void): Promise<RunResult> | undefined
  /** Ends those that still run, and removes the folder. */
  end(): Promise<void>
}

/** What was typed, and what began with it. */
export interface CommandLine {
  readonly args: readonly string[]
  /** The compilers, where they run already. */
  readonly early: EarlyCompile | undefined
}

/**
 * Starts the compilers as the last build of this command line did, for the next one most often differs in the sources alone.
 * xbuild itself is loaded and the project is read meanwhile: this and what it imports are the only parts that load before. A
 * plan that is another one ends them, and nothing of them is kept.
 * @returns undefined where there is no such build, or something has to come before the compilers
 */
export async function startEarly(
  args: readonly string[],
  signal: AbortSignal,
): Promise<EarlyCompile | undefined> {
  const last = readLastCommands(args)
  // The folder of the outputs may have been emptied, or be somebody else's by now.
  if (!last || !existsSync(join(last.dist, lastBuildFile))) return undefined
  const [folder, temporary] = await Promise.all([
    makeTemporaryFolder('.xbuild-', last.dist).catch(() => undefined),
    makeTemporaryFolder('xbuild-compile-').catch(() => undefined),
  ])
  if (!folder) {
    await temporary?.remove() // the build itself says why
    return undefined
  }
  const ending = new AbortController()
  const steps = await start(last, {
    work: folder.path,
    logs: join(last.dist, 'logs'),
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
    last,
    folder,
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

interface Started {
  readonly title: string
  readonly result: Promise<RunResult>
  /** What it has said, and what it will say, goes to `onStderr`. */
  hear(onStderr: (line: string) => void): Promise<RunResult>
}

/** Starts as many steps as run at once, by their titles, and waits until they have. */
async function start(last: LastCommands, context: StepContext): Promise<Map<string, Started>> {
  await Promise.all(last.binaries.map(binary => restore(binary, context.work)))
  for (const file of last.files) await writeFileAtomically(file.path, file.text, { mode: file.mode })
  const first = last.steps.slice(0, last.concurrency)
  const started = await Promise.all(first.map(step => startStep(step, context)))
  return new Map(started.map(step => [step.title, step]))
}

async function startStep(step: Step, context: StepContext): Promise<Started> {
  const said: string[] = []
  let listen = (line: string) => {
    said.push(line)
  }
  let onStart = () => {}
  const started = new Promise<void>(resolve => {
    onStart = resolve
  })
  const result = runHere(step, { ...context, onStart }, line => listen(line))
  const ended = result.then(onStart, onStart) // a failure is thrown where it is taken
  await Promise.race([started, ended])
  return {
    title: step.title,
    result,
    hear(onStderr) {
      said.forEach(onStderr)
      listen = onStderr
      return result
    },
  }
}
