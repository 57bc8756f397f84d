import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checks } from '../../../src/doctor/checks.ts'

const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8')

test('docs/doctor.md has a row for each check, with what the table says of it', () => {
  const rows = checks.map(
    ({ title, id, question, findings }) =>
      `| ${title} \`${id}\` | ${question} | ${findings.replaceAll('\n', ' ')} |`,
  )
  expect(page.split('\n').filter(line => /^\| \w.* `/.test(line))).toEqual(rows)
})

test('ids are unique, and questions are ones', () => {
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length)
  for (const { question } of checks) expect(question).toMatch(/^[A-Z].*\?$/)
})
