import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import type { CompilePlan, Project } from '../languages/language.ts'
import type { Recorder } from '../recorder.ts'
import type { Step } from '../types.ts'

/** Asks a person a question that is answered with yes or no. */
export type Confirm = (question: string, signal: AbortSignal) => Promise<boolean>

/** What asking needs. */
interface Asking {
  /** Absent where nobody can answer. */
  readonly confirm?: Confirm | undefined
  readonly recorder: Recorder
  readonly signal: AbortSignal
}

/** The part of a plan that says what it would add, and whether it may. */
interface Installing {
  readonly project: Pick<Project, 'root'>
  readonly compile: Pick<CompilePlan, 'prepare'>
  readonly installs: Options['installs']
}

/** The steps that add something to this machine outside of the project and of xbuild's own folders. */
const installing = ({ compile }: Installing) => compile.prepare.filter(step => step.installs !== undefined)

/**
 * Makes sure that a plan may do what it would do to this machine.
 * @throws {Failure} tool, with the commands that do it by hand, where `--no-install` forbids it.
 */
export function checkInstalls(plan: Installing): void {
  const [step] = installing(plan)
  if (step && plan.installs === 'never')
    throw notInstalled(step, plan, '--no-install forbids xbuild to add it')
}

/**
 * Asks before something is installed on a person's machine; where nobody can be asked, or `--yes` answers, it is said.
 * @throws {Failure} tool, when the answer is no.
 */
export async function askToInstall(plan: Installing, { confirm, recorder, signal }: Asking): Promise<void> {
  for (const step of installing(plan)) {
    const command = commandLine(step)
    if (plan.installs === 'always' || confirm === undefined) {
      recorder.note('info', `${step.installs} is missing and is added: ${command} (--no-install forbids it)`)
    } else if (!(await confirm(`${step.installs} is missing. Run ${command}?`, signal))) {
      throw notInstalled(step, plan, 'you answered no')
    }
  }
}

const commandLine = ({ command: { tool, args } }: Step) => [tool, ...args].join(' ')

function notInstalled(step: Step, { project }: Installing, why: string): Failure {
  return new Failure({
    kind: 'tool',
    what: `${step.installs} is missing`,
    where: project.root,
    why,
    fix: `${commandLine(step)}, or xbuild --yes`,
  })
}
