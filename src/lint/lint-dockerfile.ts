import type { Dockerfile } from '../dockerfile/model.ts'
import { parseDockerfile } from '../dockerfile/parse.ts'
import { indexLines, type LineIndex } from '../util/source-text.ts'
import type { Finding, RuleInfo } from './finding.ts'
import { tooLong } from './limits.ts'
import { ignoreComment, unreadableFile } from './rules/of-the-run.ts'
import { allRules, dockerfileRules } from './rules.ts'
import { checkIgnoreComments, type IgnoreComment, withoutIgnored } from './suppress.ts'
import { toFinding } from './to-finding.ts'

/** How a file is linted. */
export interface LintOptions {
  /** The .dockerignore of its build context. */
  readonly dockerignore?: string | undefined
  /** The IDs of rules that do not count. */
  readonly ignore?: readonly string[]
  /** Findings of others (the registry) by the rule that they are of, to be silenced like the rest. */
  readonly more?: readonly Finding[]
}

/**
 * The mistakes in a Dockerfile, in the order of its lines. Pure: nothing is read or run.
 * @param path is put into the findings
 */
export function lintDockerfile(text: string, path: string, options: LintOptions = {}): Finding[] {
  const lines = indexLines(text)
  const long = tooLong(text, path, lines)
  if (long) return [long]
  const dockerfile = parseDockerfile(text, path, options.dockerignore)
  const comments = ignoreComments(dockerfile, lines)
  const findings = dockerfileRules
    .filter(rule => !isSkipped(rule, dockerfile))
    .flatMap(rule => [...rule.check(dockerfile)].map(report => toFinding(rule, report, path, lines)))
  const ids = allRules.map(({ id }) => id)
  for (const report of checkIgnoreComments(comments, ids))
    findings.push(toFinding(ignoreComment, report, path, lines))
  if (dockerfile.stages.length === 0) findings.push(withoutFrom(dockerfile, path, lines))
  return withoutIgnored([...findings, ...(options.more ?? [])], comments, options.ignore ?? []).sort(
    (a, b) => a.line - b.line || a.column - b.column,
  )
}

/** `# check=skip=RULE` of BuildKit silences our rule that sees the same. */
function isSkipped({ buildkit = [] }: RuleInfo, { directives }: Dockerfile): boolean {
  const [, list = ''] = /(?:^|;)\s*skip=([^;]*)/.exec(directives['check'] ?? '') ?? []
  const skipped = list.split(',').map(name => name.trim())
  return buildkit.length > 0 && (skipped.includes('all') || buildkit.some(name => skipped.includes(name)))
}

/** A comment speaks for the instruction after it, and for the comments in between. */
function ignoreComments({ comments, instructions }: Dockerfile, lines: LineIndex): IgnoreComment[] {
  return comments
    .filter(({ text }) => text.includes('xbuild-lint'))
    .map(({ start, end, text }) => {
      const next = instructions.find(instruction => instruction.start >= end)
      const inside = instructions.find(one => one.start < start && end <= one.end)
      const firstLine = lines.positionAt(start).line
      const until = inside ?? next
      return {
        start: end - text.length,
        text,
        firstLine: inside ? lines.positionAt(inside.start).line : firstLine,
        lastLine: until ? lines.positionAt(until.end).line : firstLine,
      }
    })
}

function withoutFrom({ instructions }: Dockerfile, path: string, lines: LineIndex): Finding {
  const [first] = instructions
  const place = { start: first?.start ?? 0, end: first?.end ?? 0 }
  return toFinding(
    unreadableFile,
    { ...place, message: 'there is no FROM: this is no Dockerfile' },
    path,
    lines,
  )
}
