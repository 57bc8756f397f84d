import type { InspectContext } from '../language.ts'
import type { ListedPackage } from './listed-package.ts'

/** What go commands said that read the project. */
export interface Answers {
  /** What a command would say; undefined where it has to be asked. */
  find(args: readonly string[], env: Readonly<Record<string, string>>): string | undefined
  /** Notes what it said. */
  keep(args: readonly string[], env: Readonly<Record<string, string>>, stdout: string): void
  /** Writes what was noted, for the next run, where it is sure to hold then. */
  save(listed: readonly ListedPackage[]): Promise<void>
}

/** What inspecting a Go project may use. */
export interface GoContext extends InspectContext {
  readonly answers?: Answers
}
