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

test.each([
  ['lines', `FROM a\n${'RUN a\n'.repeat(6000)}`],
  ['stages', 'FROM a\n'.repeat(300)],
  ['characters', `FROM a\nRUN ${'a '.repeat(70_000)}`],
])('too many %s are not looked at', (_, text) => {
  const [found] = lintDockerfile(text, 'Dockerfile')
  expect(found).toMatchObject({
    ruleId: 'unreadable-file',
    message: expect.stringContaining('it was not looked at'),
  })
})

test.each([
  ['words', `FROM a\nRUN ${'a '.repeat(60_000)}`],
  ['instructions', `FROM a\n${'RUN a\n'.repeat(4900)}`],
  ['undeclared variables', `FROM a\nRUN ${'$TARGETARCH '.repeat(10_000)}`],
  ['substitutions', `FROM a\nRUN ${'$('.repeat(60_000)}`],
  ['backslashes', `FROM a\nRUN ${'\\'.repeat(120_000)}`],
  ['here-documents', `FROM a\nRUN ${'<<A '.repeat(30_000)}`],
  [
    'comments',
    `FROM a\n${'# xbuild-lint ignore=foreign-asset x\nRUN curl https://a/linux-amd64\n'.repeat(1500)}`,
  ],
  [
    'chained stages',
    Array.from({ length: 190 }, (_, i) => `FROM s${i} AS s${i + 1}\nCOPY --from=s1 a b\nRUN go build\n`).join(
      '',
    ),
  ],
  ['nested lists', `a: ${'['.repeat(60_000)}`],
  ['nested items', '- '.repeat(60_000)],
  [
    'aliases',
    `a: &a [x, x]\n${Array.from({ length: 40 }, (_, i) => `b${i}: &b${i} [*${i ? `b${i - 1}` : 'a'}, *${i ? `b${i - 1}` : 'a'}]\n`).join('')}jobs: *b39\n`,
  ],
  [
    'merges',
    `x0: &x0 {a: 1}\n${Array.from({ length: 200 }, (_, i) => `x${i + 1}: &x${i + 1} {<<: [*x${i}, *x${i}]}\n`).join('')}jobs: *x200\n`,
  ],
  [
    'jobs',
    `jobs:\n${Array.from({ length: 1500 }, (_, i) => `  a${i}:\n    steps:\n      - uses: docker/build-push-action@v1\n`).join('')}`,
  ],
])('many %s take less than a second', (_, text) => {
  const started = processorTime()
  lintDockerfile(text, 'Dockerfile')
  lintWorkflow(text, 'a.yml')
  lintWorkflow(text, '.gitlab-ci.yml')
  expect(processorTime() - started).toBeLessThan(3 * slowest)
})

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
