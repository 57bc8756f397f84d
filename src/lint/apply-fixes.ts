import type { Edit, Finding } from './finding.ts'

/** A text with its mechanical mistakes corrected, and how many they were. */
export interface Fixed {
  readonly text: string
  readonly count: number
}

/** One correction may uncover the next (an ARG that now declares a variable); more rounds than these change nothing. */
const mostRounds = 5

/** Applies the changes that the findings bring until none is left. Everything else stays as it is, byte for byte. */
export function applyFixes(text: string, lint: (text: string) => readonly Finding[]): Fixed {
  let current = text
  let count = 0
  for (let round = 0; round < mostRounds; round++) {
    const fixable = lint(current).filter(({ edits }) => edits && edits.length > 0)
    const { text: next, applied } = applyEdits(current, fixable)
    if (applied === 0) break
    current = next
    count += applied
  }
  return { text: current, count }
}

function applyEdits(text: string, findings: readonly Finding[]): { text: string; applied: number } {
  const chosen: Edit[] = []
  let applied = 0
  for (const { edits = [] } of findings) {
    // What is inserted twice at one place, or overlaps, waits for the next round.
    if (edits.some(edit => chosen.some(other => edit.start <= other.end && other.start <= edit.end))) continue
    chosen.push(...edits)
    applied++
  }
  let result = text
  for (const { start, end, text: own } of chosen.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + own + result.slice(end)
  }
  return { text: result, applied }
}
