/** How bad a finding is, the worst first. */
export const severities = ['error', 'warning', 'info'] as const

export type Severity = (typeof severities)[number]

/** A change to a file: the text from `start` up to `end` (offsets in UTF-16 code units) becomes `text`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** One mistake in one file. Lines and columns count from 1; columns count UTF-16 code units. */
export interface Finding {
  readonly ruleId: string
  readonly severity: Severity
  /** The path as it was given. */
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  /** The column after the last character. */
  readonly endColumn: number
  readonly message: string
  /** What to write instead, or the command to run. */
  readonly fix?: string
  /** The same as changes that `--fix` makes; absent where a person must decide. */
  readonly edits?: readonly Edit[]
}

/** What a rule found: a place in the text and what is wrong with it. */
export interface Report {
  readonly start: number
  readonly end: number
  readonly message: string
  readonly fix?: string
  readonly edits?: readonly Edit[]
  /** Where it is less than the rule's own. */
  readonly severity?: Severity
}

/** What is known of a rule without running it: its page in docs/lint/ is made of this. */
export interface RuleInfo {
  readonly id: string
  /** The worst that a finding of it can be. */
  readonly severity: Severity
  /** One sentence: what must not be, or must be. */
  readonly summary: string
  /** What happens otherwise, and why; Markdown. */
  readonly explanation: string
  /** A file that the rule objects to, and the same without the mistake. */
  readonly bad: string
  readonly good: string
  /** BuildKit's rule that sees the same mistake: its finding on the same line is left out, its `# check=skip=` is heeded. */
  readonly buildkit?: readonly string[]
}

/** A rule: what is known of it, and the function that looks for the mistake. */
export interface Rule<Subject> extends RuleInfo {
  readonly check: (subject: Subject) => Iterable<Report>
}

/** Whether `severity` is at least as bad as `threshold`. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(threshold)
}
