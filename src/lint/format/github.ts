import type { Finding, Severity } from '../finding.ts'

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' }

/** Findings as workflow commands: GitHub shows them at the lines of a pull request. */
export function formatGithub(findings: readonly Finding[]): string {
  return findings
    .map(({ severity, file, line, column, endLine, endColumn, ruleId, message, fix }) => {
      // GitHub takes an end column only where the line is one.
      const columns = endLine === line ? `,col=${column},endColumn=${Math.max(endColumn - 1, column)}` : ''
      const place = `file=${property(file)},line=${line},endLine=${endLine}${columns},title=${property(ruleId)}`
      return `::${commands[severity]} ${place}::${data(fix === undefined ? message : `${message}\nfix: ${fix}`)}\n`
    })
    .join('')
}

function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
}

function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
}
