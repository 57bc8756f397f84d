import { indexLines, type LineIndex } from '../../util/source-text.ts'
import { version } from '../../version.ts'
import type { Edit, Finding, RuleInfo, Severity } from '../finding.ts'
import { allRules } from '../rules.ts'

const levels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }

/** Findings as SARIF 2.1.0, which code scanning services read (https://docs.oasis-open.org/sarif/sarif/v2.1.0/). */
export function formatSarif(findings: readonly Finding[], texts: ReadonlyMap<string, string>): string {
  const others = [...new Set(findings.map(({ ruleId }) => ruleId))].filter(
    id => !allRules.some(rule => rule.id === id),
  )
  const rules = [...allRules.map(describeRule), ...others.map(id => ({ id }))]
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'xbuild lint', version, rules } },
        columnKind: 'utf16CodeUnits',
        results: findings.map(finding => describeFinding(finding, rules, texts)),
      },
    ],
  }
  return `${JSON.stringify(log, undefined, 2)}\n`
}

function describeRule({ id, severity, summary, explanation }: RuleInfo) {
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: explanation.replace(/\n/g, ' ') },
    help: { text: explanation.replace(/\n/g, ' '), markdown: explanation },
    defaultConfiguration: { level: levels[severity] },
  }
}

function describeFinding(
  finding: Finding,
  rules: readonly { id: string }[],
  texts: ReadonlyMap<string, string>,
) {
  const { ruleId, severity, file, line, column, endLine, endColumn, message, fix, edits } = finding
  const artifactLocation = { uri: encodeURI(file.replaceAll('\\', '/')) }
  const lines = edits && indexLines(texts.get(file) ?? '')
  return {
    ruleId,
    ruleIndex: rules.findIndex(({ id }) => id === ruleId),
    level: levels[severity],
    message: { text: fix === undefined ? message : `${message} (fix: ${fix})` },
    locations: [
      {
        physicalLocation: {
          artifactLocation,
          region: { startLine: line, startColumn: column, endLine, endColumn },
        },
      },
    ],
    ...(edits &&
      lines && {
        fixes: [
          {
            ...(fix !== undefined && { description: { text: fix } }),
            artifactChanges: [
              { artifactLocation, replacements: edits.map(edit => describeEdit(edit, lines)) },
            ],
          },
        ],
      }),
  }
}

function describeEdit({ start, end, text }: Edit, lines: LineIndex) {
  const from = lines.positionAt(start)
  const to = lines.positionAt(end)
  return {
    deletedRegion: { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column },
    insertedContent: { text },
  }
}
