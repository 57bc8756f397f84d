import { expect, test } from 'vitest'
import { applyFixes } from '../../../src/lint/apply-fixes.ts'
import { formatSarif } from '../../../src/lint/format/sarif.ts'
import { formatText } from '../../../src/lint/format/text.ts'
import { lintDockerfile } from '../../../src/lint/lint-dockerfile.ts'
import { lintWorkflow } from '../../../src/lint/lint-workflow.ts'
import { allRules } from '../../../src/lint/rules.ts'
import { mutate, random } from './mutate.ts'

// `npm run fuzz` tries 100,000 files; XBUILD_FUZZ_SEED repeats a run.
const files = Number(process.env['XBUILD_FUZZ'] ?? 1500)
const seed = Number(process.env['XBUILD_FUZZ_SEED'] ?? 14)

/** Milliseconds of processor time for one file: the machine may be busy with other tests. */
const slowest = 1000

const seeds = allRules.flatMap(({ bad, good }) => [bad, good])

test(`${files} random, truncated and changed files: no crash, no hang, places inside of the file`, () => {
  const next = random(seed)
  let worst = { took: 0, text: '' }
  for (let index = 0; index < files; index++) {
    const text = mutate(seeds[index % seeds.length] as string, seeds, next)
    const started = processorTime()
    try {
      look(text)
    } catch (error) {
      throw new Error(`seed ${seed}, file ${index}: ${JSON.stringify(text)}`, { cause: error })
    }
    const took = processorTime() - started
    if (took > worst.took) worst = { took, text }
  }
  expect(worst.took, JSON.stringify(worst.text)).toBeLessThan(slowest)
}, 3_600_000)

function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function look(text: string): void {
  const lengths = text.split(/\r\n|\n|\r/).map(line => line.length)
  const lint = (now: string) => lintDockerfile(now, 'Dockerfile', { dockerignore: text.slice(0, 500) })
  const all = [
    ...lint(text),
    ...lintWorkflow(text, 'a.yml', { readDockerfile: () => text }),
    ...lintWorkflow(text, '.gitlab-ci.yml'),
  ]
  for (const { line, column, endLine, endColumn, ruleId } of all) {
    const inside =
      column >= 1 && column <= (lengths[line - 1] ?? -1) + 1 && endColumn <= (lengths[endLine - 1] ?? -1) + 1
    const ordered = line < endLine || (line === endLine && column <= endColumn)
    if (!inside || !ordered) throw new Error(`${ruleId} at ${line}:${column} to ${endLine}:${endColumn}`)
  }
  const texts = new Map([['Dockerfile', text]])
  formatText(all, texts, false)
  formatSarif(all, texts)
  if (!all.some(({ edits }) => edits)) return
  const once = applyFixes(text, lint).text
  const twice = applyFixes(once, lint).text
  if (once !== twice) throw new Error(`--fix twice: ${JSON.stringify([once, twice])}`)
}
