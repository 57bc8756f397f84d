import { Failure } from '../errors.ts'
import { languages } from '../languages/index.ts'
import type { RunResult } from '../process.ts'
import type { Step } from '../types.ts'
import type { Plan } from './plan.ts'

/** A platform whose compile failed. */
export interface PlatformFailure {
  readonly platform: string
  readonly message: string
  /** What fixes it, where that is known. */
  readonly advice?: string | undefined
  readonly log: string
}

/** How a step's command ended. */
export function describeExit(step: Step, result: RunResult): string {
  const how = result.signal ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`
  return `${step.command.tool} ${how}`
}

/** A step that compiles nothing itself, such as a download, has failed. */
export function prepareFailed(
  step: Step,
  result: RunResult,
  plan: Pick<Plan, 'project' | 'platforms'>,
  log: string,
): Failure {
  const language = languages[plan.project.language]
  const [platform] = plan.platforms
  const message = platform && language.explain(result.stderr, platform)
  return new Failure({
    kind: 'compile',
    what: `${step.title} failed: ${describeExit(step, result)}`,
    where: plan.project.root,
    why: `${message || result.stderr.trim()}\nfull log: ${log}`,
    // Not the command itself: that is what has just failed.
    fix: (platform && language.advise?.(result.stderr, platform)) ?? 'fix the error above',
  })
}

/** Some platforms, or all, have failed: one failure with the message of each. */
export function compileFailed(
  failures: readonly PlatformFailure[],
  plan: Pick<Plan, 'project' | 'platforms'>,
): Failure {
  const good = plan.platforms
    .map(platform => platform.id)
    .filter(id => !failures.some(({ platform }) => platform === id))
  const names = failures.map(({ platform }) => platform).join(', ')
  const fix =
    [...new Set(failures.flatMap(({ advice }) => advice ?? []))].join('\n') || 'fix the errors above'
  return new Failure({
    kind: 'compile',
    what:
      plan.platforms.length === 1
        ? `${names} did not compile`
        : `${failures.length} of ${plan.platforms.length} platforms did not compile: ${names}`,
    where: plan.project.root,
    why: groupMessages(failures),
    fix: `${fix}${good.length > 0 ? ` (${good.join(', ')} compiled)` : ''}; no image was made`,
  })
}

/** The same message on several platforms is printed once. */
function groupMessages(failures: readonly PlatformFailure[]): string {
  const groups = groupByMessage(failures)
  return [...groups]
    .map(([message, group]) => {
      const logs = [...new Set(group.map(({ log }) => `full log: ${log}`))].join('\n')
      return `${group.map(({ platform }) => platform).join(', ')}:\n${message}\n${logs}`
    })
    .join('\n\n')
}

function groupByMessage(failures: readonly PlatformFailure[]): Map<string, PlatformFailure[]> {
  const groups = new Map<string, PlatformFailure[]>()
  for (const failure of failures)
    groups.set(failure.message, [...(groups.get(failure.message) ?? []), failure])
  return groups
}
