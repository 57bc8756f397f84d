import { withoutCommands, workflowCommand } from '../util/workflow-command.ts'

/** What the log of a CI service has beyond plain lines. */
export interface CiLog {
  /** Begins a part that can be folded. */
  open(title: string): string
  close(): string
  /** A warning in the service's own form, as a line; undefined where it has none. */
  warning(text: string): string | undefined
  /** Text of others as the service takes it for text. */
  safe(text: string): string
}

const plain: CiLog = {
  open: () => '',
  close: () => '',
  warning: () => undefined,
  safe: text => text,
}

/** GitHub Actions: workflow commands, which its forks take as well. */
const github: CiLog = {
  open: title => `${workflowCommand('group', {}, title)}\n`,
  close: () => `${workflowCommand('endgroup', {}, '')}\n`,
  warning: text => workflowCommand('warning', { title: 'xbuild' }, text),
  safe: withoutCommands,
}

let sections = 0

/** GitLab: sections, by names that a log has once (docs.gitlab.com, "Custom collapsible sections"). */
const gitlab: CiLog = {
  ...plain,
  open(title) {
    sections += 1
    return sectionMark('start', `\u001b[0K${title}\n`)
  },
  close: () => sectionMark('end', '\u001b[0K\n'),
}

function sectionMark(edge: 'start' | 'end', rest: string): string {
  const seconds = Math.floor(Date.now() / 1000)
  return `\u001b[0Ksection_${edge}:${seconds}:xbuild_${process.pid}_${sections}\r${rest}`
}

/** The log that stderr goes to, as the environment says. */
export function ciLog(env = process.env): CiLog {
  if (env['GITHUB_ACTIONS'] === 'true') return github
  return env['GITLAB_CI'] === 'true' ? gitlab : plain
}
