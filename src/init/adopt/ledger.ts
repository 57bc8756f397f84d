import type { Dockerfile, Instruction } from '../../dockerfile/model.ts'
import { indexLines } from '../../util/source-text.ts'
import type { Setting, Table, TomlValue } from '../settings.ts'

/**
 * What became of a line: `moved` into xbuild.toml; `covered`, because xbuild does the same without being told; or `left`,
 * which a person has to look at.
 */
export type Outcome = 'moved' | 'covered' | 'left'

/** A line of a file that was read, and what became of it. */
export interface Entry {
  readonly file: string
  readonly line: number
  /** The beginning of the line. */
  readonly text: string
  readonly outcome: Outcome
  /** The key that it became, or the reason. */
  readonly says: string
}

/** Settings and what is said of each instruction, while a Dockerfile is adopted. */
export interface Ledger {
  set(by: Instruction, table: Table, key: string, value: TomlValue, says?: string): void
  covered(by: Instruction, says: string): void
  left(by: Instruction, says: string): void
  /** Whether something is said of it. */
  has(by: Instruction): boolean
  readonly settings: readonly Setting[]
  entries(): Entry[]
}

/** An empty ledger of a Dockerfile. `file` is its name for people. */
export function createLedger({ text }: Pick<Dockerfile, 'text'>, file: string): Ledger {
  const lines = indexLines(text)
  const settings: Setting[] = []
  const said = new Map<Instruction, { outcome: Outcome; says: string }[]>()
  const say = (by: Instruction, outcome: Outcome, says: string) => {
    const before = said.get(by) ?? []
    if (before.some(one => one.outcome === outcome && one.says === says)) return
    said.set(by, [...before, { outcome, says }])
  }
  const lineOf = (by: Instruction) => lines.positionAt(by.start).line
  return {
    settings,
    set(by, table, key, value, says) {
      settings.push({ table, key, value, from: `${file}:${lineOf(by)}` })
      say(by, 'moved', says ?? (table === '' ? key : `[${table}] ${key}`))
    },
    covered: (by, says) => say(by, 'covered', says),
    left: (by, says) => say(by, 'left', says),
    has: by => said.has(by),
    entries: () =>
      [...said]
        .sort(([a], [b]) => a.start - b.start)
        .flatMap(([by, list]) =>
          list.map(one => ({ file, line: lineOf(by), text: shorten(text.slice(by.start, by.end)), ...one })),
        ),
  }
}

/** One line of at most 60 characters. */
function shorten(text: string): string {
  const line = text
    .replace(/\\\r?\n\s*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
