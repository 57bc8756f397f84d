import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { platformFolder } from '../platforms.ts'
import { type RunResult, run } from '../process.ts'
import type { Step } from '../types.ts'
import { fillTokens, substitute } from '../util/substitute.ts'

/** What running a step on this machine needs. */
export interface StepContext {
  /** The run's temporary folder. */
  readonly work: string
  /** The folder for the full logs of the toolchain. */
  readonly logs: string
  /** The folder for what the compiler keeps for a while. */
  readonly temporary: string | undefined
  readonly signal: AbortSignal
  /** Is called when the step's command has started. */
  readonly onStart?: (() => void) | undefined
}

/**
 * How much of a step's output is kept: cargo says in one line of it where a program is, early or late among those of all
 * packages and platforms.
 */
const keptOutput = 64 * 1024 * 1024

/** Runs a step's command on this machine, with a log of its own. */
export async function runHere(
  step: Step,
  context: StepContext,
  onStderr: (line: string) => void,
): Promise<RunResult> {
  const { work, signal, temporary, onStart } = context
  const logFile = startLog(step, context)
  const options = { signal, keep: keptOutput, temporary, logFile, onStart, onStderr }
  return run(bindStep(step, work).command, options)
}

/** The step with the run's temporary folder in the place of its token. */
export function bindStep({ command, outputDir, ...step }: Step, work: string): Step {
  return {
    ...step,
    command: substitute(command, { work }),
    ...(outputDir !== undefined && { outputDir: fillTokens(outputDir, { work }) }),
  }
}

/** The path of a step's log, where none is yet. */
export function startLog(step: Step, context: Pick<StepContext, 'logs'>): string {
  const path = logPath(step, context)
  rmSync(path, { force: true })
  return path
}

/** One log per step; the platform names it where the step has only one. */
export function logPath(step: Step, { logs }: Pick<StepContext, 'logs'>): string {
  const platforms = [...new Set(step.produces.map(({ platform }) => platform))]
  const [only] = platforms
  const name =
    platforms.length === 1 && only
      ? `${platformFolder(only)}${step.program === undefined ? '' : `-${step.program}`}`
      : step.title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return join(logs, `${name}.log`)
}
