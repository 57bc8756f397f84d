import { closestMatch } from '../util/closest-match.ts'
import type { Finding, Report } from './finding.ts'

/** A comment of a file, with the lines that it speaks for. */
export interface IgnoreComment {
  readonly start: number
  readonly text: string
  readonly firstLine: number
  readonly lastLine: number
}

const pattern = /xbuild-lint\s+ignore(?:=([\w,-]*))?\s*(.*)$/s

/** The findings that no comment and no setting silences. */
export function withoutIgnored(
  findings: readonly Finding[],
  comments: readonly IgnoreComment[],
  ignore: readonly string[],
): Finding[] {
  const silenced = comments.flatMap(comment => {
    const [, ids = ''] = pattern.exec(comment.text) ?? []
    return ids.split(',').map(id => ({ ...comment, id }))
  })
  return findings.filter(
    ({ ruleId, line }) =>
      !ignore.includes(ruleId) &&
      !silenced.some(({ id, firstLine, lastLine }) => id === ruleId && firstLine <= line && line <= lastLine),
  )
}

/** What is wrong with the comments themselves. */
export function checkIgnoreComments(comments: readonly IgnoreComment[], ids: readonly string[]): Report[] {
  return comments.flatMap(({ start, text }) => {
    const match = pattern.exec(text)
    if (!match) return []
    const [, list = '', reason = ''] = match
    const from = start + match.index
    const place = { start: from, end: start + text.trimEnd().length }
    const unknown = list.split(',').filter(id => !ids.includes(id))
    const reports: Report[] = unknown.map(id => {
      const near = closestMatch(id, ids)
      return {
        ...place,
        message: id === '' ? 'this comment names no rule' : `there is no rule ${JSON.stringify(id)}`,
        fix: `# xbuild-lint ignore=${near ?? 'ID'} reason`,
      }
    })
    if (unknown.length === 0 && reason.trim() === '') {
      reports.push({
        ...place,
        message: 'this comment gives no reason',
        fix: `# xbuild-lint ignore=${list} reason`,
      })
    }
    return reports
  })
}
