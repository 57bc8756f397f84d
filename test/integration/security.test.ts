import { existsSync } from 'node:fs'
import { describe, expect, it, type TestContext, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { building } from '../support/security/building.ts'
import { others } from '../support/security/others.ts'
import { rows, securityPage, statements } from '../support/security/page.ts'
import { reading } from '../support/security/reading.ts'
import type { RowTests } from '../support/security/run.ts'

/** A test for each row of the first table of docs/security.md. */
const rowTests: RowTests = { ...reading, ...building, ...others }

describe('what docs/security.md says of', () => {
  it.each(rows.map(({ name }) => name))('%s holds', async (name, context) => {
    const holds = rowTests[name]
    // A row without a test.
    expect(holds).toBeDefined()
    await holds?.(context as unknown as TestContext)
  })
})

test('each command has a row, and each test one', async () => {
  const { stdout } = await xbuild(['--help'])
  const names = [...stdout.matchAll(/^ {2}xbuild ([a-z][a-z-]*)/gm)].map(([, name]) => name as string)
  expect(names.length).toBeGreaterThan(10)
  const described = new Set(rows.flatMap(({ commands }) => commands))
  expect(names.filter(name => !described.has(name))).toEqual([])
  expect(Object.keys(rowTests).sort()).toEqual(rows.map(({ name }) => name).sort())
})

test('each statement of the page names its tests, and each of these is there', () => {
  // What says where to look, and what is said again by the rows.
  const introduction = /^(What xbuild trusts|A project that you have just cloned)/
  const without = statements().filter(({ text, tests }) => tests.length === 0 && !introduction.test(text))
  expect(without.map(({ text }) => text)).toEqual([])
  const named = [...securityPage.matchAll(/`(test\/[\w/.-]+\.ts)`/g)].map(([, path]) => path as string)
  for (const path of named) expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true)
})
