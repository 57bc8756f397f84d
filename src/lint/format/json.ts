import type { Finding } from '../finding.ts'

/** Findings as `{"findings": […]}`. */
export function formatJson(findings: readonly Finding[]): string {
  const list = findings.map(({ ruleId, severity, file, line, column, endLine, endColumn, message, fix }) => ({
    ...{ ruleId, severity, file, line, column, endLine, endColumn, message },
    ...(fix !== undefined && { fix }),
  }))
  return `${JSON.stringify({ findings: list }, undefined, 2)}\n`
}
