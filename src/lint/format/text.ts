import { styleText } from 'node:util'
import { indexLines } from '../../util/source-text.ts'
import { type Finding, type Severity, severities } from '../finding.ts'

const longestLine = 120
const colours = { error: 'red', warning: 'yellow', info: 'blue' } as const

/** Findings for a person: the line that is meant, with a mark below it, as compilers show it. */
export function formatText(
  findings: readonly Finding[],
  texts: ReadonlyMap<string, string>,
  colour: boolean,
): string {
  const paint = (severity: Severity, text: string) =>
    colour ? styleText(['bold', colours[severity]], text) : text
  const indexes = new Map([...texts].map(([file, text]) => [file, indexLines(text)]))
  return findings
    .map(finding => {
      const { file, line, column, severity, ruleId, message, fix } = finding
      const source = indexes.get(file)?.lineText(line) ?? ''
      const gutter = ' '.repeat(String(line).length)
      const shown = showLine(source, finding)
      return [
        `${file}:${line}:${column}: ${paint(severity, severity)}: ${message} [${ruleId}]`,
        ...(source.trim() === ''
          ? []
          : [`  ${line} | ${shown.text}`, `  ${gutter} | ${shown.indent}${paint(severity, shown.mark)}`]),
        ...(fix === undefined ? [] : [`  ${gutter} = fix: ${fix}`]),
        '',
      ].join('\n')
    })
    .join('\n')
}

/** The line, cut where it is long, and the mark below the columns that are meant. */
function showLine(source: string, { line, column, endLine, endColumn }: Finding) {
  const end = endLine === line ? endColumn : source.trimEnd().length + 1
  const from = column > longestLine - 20 ? column - 20 : 1
  const text = visible(source.slice(from - 1, from - 1 + longestLine))
  const lead = source.slice(from - 1, column - 1).replace(/[^\t]/g, ' ')
  const length = Math.max(Math.min(end - column, longestLine - (column - from)), 1)
  return {
    text: from > 1 ? `…${text}` : text,
    indent: from > 1 ? ` ${lead}` : lead,
    mark: '^'.repeat(length),
  }
}

/** Without what a terminal would obey. */
function visible(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, '\u{fffd}')
}

/** "2 errors, 1 warning and 3 infos in 4 files". */
export function countFindings(findings: readonly Finding[], files: number): string {
  const counts = severities
    .map(severity => ({ severity, count: findings.filter(one => one.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}${count === 1 || severity === 'info' ? '' : 's'}`)
  const where = `${files} ${files === 1 ? 'file' : 'files'}`
  return counts.length === 0 ? `no findings in ${where}` : `${counts.join(', ')} in ${where}`
}
