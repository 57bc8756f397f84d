import type { Outcome } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'

/** Something that doctor looks at: a record of the table in checks.ts. */
export interface Check {
  readonly id: string
  /** One or two words, for the list. */
  readonly title: string
  /** What it looks at, as a question that is answered with yes where all is well; docs/doctor.md has it. */
  readonly question: string
  /** What it says where something is wrong, and what fixes that; Markdown, for docs/doctor.md. */
  readonly findings: string
  /** Seconds, where it may take longer than the others. */
  readonly limit?: number
  /** Looks. What it throws is a problem, too. */
  readonly run: (around: Surroundings) => Promise<Outcome>
}
