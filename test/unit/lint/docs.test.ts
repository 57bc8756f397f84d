import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { rulePage } from '../../../src/lint/rule-page.ts'
import { allRules } from '../../../src/lint/rules.ts'

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url))

// `npx vitest run --project fast test/unit/lint/docs.test.ts -u` writes the pages anew.
test.each(allRules.map(rule => [rule.id, rule] as const))('docs/lint/%s.md is current', async (id, rule) => {
  await expect(rulePage(rule)).toMatchFileSnapshot(`${docs}lint/${id}.md`)
})

test('there is no page of a rule that is gone', () => {
  expect(readdirSync(`${docs}lint`).sort()).toEqual(allRules.map(({ id }) => `${id}.md`).sort())
})

test('docs/lint.md lists every rule with its severity and what it says', () => {
  const text = readFileSync(`${docs}lint.md`, 'utf8')
  const rows = allRules.map(
    ({ id, severity, summary }) => `| [${id}](lint/${id}.md) | ${severity} | ${summary} |`,
  )
  expect(text.split('\n').filter(line => line.startsWith('| ['))).toEqual(rows)
})
