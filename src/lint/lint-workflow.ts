import { indexLines, type LineIndex } from '../util/source-text.ts'
import type { Finding } from './finding.ts'
import { tooLong } from './limits.ts'
import { ignoreComment, unreadableFile } from './rules/of-the-run.ts'
import { allRules, workflowRules } from './rules.ts'
import { checkIgnoreComments, type IgnoreComment, withoutIgnored } from './suppress.ts'
import { toFinding } from './to-finding.ts'
import { readBake } from './workflow/bake.ts'
import type { Workflow } from './workflow/model.ts'
import { readGitHub, readGitLab } from './workflow/parse.ts'
import { parseYaml } from './workflow/yaml.ts'

/** How a workflow is linted. */
export interface WorkflowOptions {
  readonly ignore?: readonly string[]
  /** The Dockerfile at a path from the root of the repository. */
  readonly readDockerfile?: (path: string) => string | undefined
}

/**
 * The mistakes in a GitHub workflow, an action.yml or a .gitlab-ci.yml, in the order of its lines. Pure but for `readDockerfile`.
 * @param path is put into the findings, and tells which of the two it is
 */
export function lintWorkflow(text: string, path: string, options: WorkflowOptions = {}): Finding[] {
  const lines = indexLines(text)
  const long = tooLong(text, path, lines)
  if (long) return [long]
  const parsed = parseYaml(text)
  if ('fault' in parsed)
    return [
      toFinding(
        unreadableFile,
        { ...parsed.fault, message: `not YAML: ${parsed.fault.message}` },
        path,
        lines,
      ),
    ]
  const parts = /gitlab/.test(path) ? readGitLab(text, parsed.root) : readGitHub(text, parsed.root)
  return lintParts(
    { ...parts, text, readDockerfile: options.readDockerfile ?? (() => undefined) },
    path,
    lines,
    options.ignore,
  )
}

/**
 * The mistakes in a bake file.
 * @param printed what `docker buildx bake --print` made of it
 */
export function lintBake(text: string, path: string, printed: string, ignore?: readonly string[]): Finding[] {
  return lintParts(
    { ...readBake(text, printed), text, readDockerfile: () => undefined },
    path,
    indexLines(text),
    ignore,
  )
}

function lintParts(
  workflow: Workflow,
  path: string,
  lines: LineIndex,
  ignore: readonly string[] = [],
): Finding[] {
  const comments = ignoreComments(workflow, lines)
  const findings = workflowRules.flatMap(rule =>
    [...rule.check(workflow)].map(report => toFinding(rule, report, path, lines)),
  )
  const ids = allRules.map(({ id }) => id)
  for (const report of checkIgnoreComments(comments, ids))
    findings.push(toFinding(ignoreComment, report, path, lines))
  return withoutIgnored(findings, comments, ignore).sort((a, b) => a.line - b.line || a.column - b.column)
}

/** A comment speaks for its own line; one on a line of its own, for the step after it, or for the line after it. */
function ignoreComments({ text, jobs }: Workflow, lines: LineIndex): IgnoreComment[] {
  const steps = jobs.flatMap(job => job.steps)
  return [...text.matchAll(/#[^\n]*xbuild-lint[^\n]*/g)].map(match => {
    const start = match.index
    const { line, column } = lines.positionAt(start)
    const alone =
      lines
        .lineText(line)
        .slice(0, column - 1)
        .trim() === ''
    const step = alone ? steps.find(one => lines.positionAt(one.start).line === line + 1) : undefined
    const lastLine = step
      ? lines.positionAt(Math.max(step.end - 1, step.start)).line
      : alone
        ? line + 1
        : line
    return { start, text: match[0], firstLine: line, lastLine }
  })
}
