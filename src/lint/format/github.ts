import { workflowCommand } from '../../util/workflow-command.ts'
import type { Finding, Severity } from '../finding.ts'

const commands = { error: 'error', warning: 'warning', info: 'notice' } as const satisfies Record<
  Severity,
  string
>

/** Findings as workflow commands: GitHub shows them at the lines of a pull request. */
export function formatGithub(findings: readonly Finding[]): string {
  return findings
    .map(({ severity, file, line, column, endLine, endColumn, ruleId, message, fix }) => {
      // GitHub takes an end column only where the line is one.
      const columns = endLine === line && { col: column, endColumn: Math.max(endColumn - 1, column) }
      const place = { file, line, endLine, ...columns, title: ruleId }
      const text = fix === undefined ? message : `${message}\nfix: ${fix}`
      return `${workflowCommand(commands[severity], place, text)}\n`
    })
    .join('')
}
