import type { LineIndex } from '../util/source-text.ts'
import type { Finding, Report, RuleInfo } from './finding.ts'

/** A rule's report as a finding of a file. */
export function toFinding(rule: RuleInfo, report: Report, file: string, lines: LineIndex): Finding {
  const { line, column } = lines.positionAt(report.start)
  const end = lines.positionAt(Math.max(report.end, report.start))
  return {
    ruleId: rule.id,
    severity: report.severity ?? rule.severity,
    file,
    line,
    column,
    endLine: end.line,
    endColumn: end.column,
    message: report.message,
    ...(report.fix !== undefined && { fix: report.fix }),
    ...(report.edits && { edits: report.edits }),
  }
}
