import { expect, it } from 'vitest'
import { ok, type Repair, warning } from '../../../src/doctor/outcome.ts'
import { runRepairs } from '../../../src/doctor/repair.ts'
import type { Checked } from '../../../src/doctor/run-checks.ts'

const node = (script: string, more: Partial<Repair> = {}): Repair => ({
  command: { tool: process.execPath, args: ['-e', script], cwd: '/' },
  ...more,
})

async function repair(repairs: readonly Repair[], answer?: boolean, yes = false) {
  const checked: Checked[] = [
    { id: 'fine', title: 'Fine', ...ok('fine'), seconds: 0 },
    { id: 'bad', title: 'Bad', ...warning({ why: 'bad', repairs }), seconds: 0 },
  ]
  const said: string[] = []
  const questions: string[] = []
  const confirm =
    answer === undefined ? undefined : async (question: string) => questions.push(question) > 0 && answer
  const signal = new AbortController().signal
  const results = await runRepairs(checked, { confirm, yes, say: line => said.push(line), signal })
  return { results, said, questions }
}

it('asks, and does what was answered', async () => {
  const asked = await repair([node('0'), node('1')], true)
  expect(asked.questions).toEqual([`Bad: run ${process.execPath} -e 0 && ${process.execPath} -e 1?`])
  expect(asked.results).toMatchObject([{ id: 'bad', result: 'done' }])
  expect((await repair([node('0')], false)).results).toMatchObject([
    { result: 'not run', why: 'you answered no' },
  ])
})

it('runs nothing where nobody can be asked, and does not ask with --yes', async () => {
  const silent = await repair([node('0')])
  expect(silent.results).toMatchObject([{ result: 'not run', why: expect.stringContaining('--yes') }])
  expect(silent.said).toEqual([expect.stringMatching(/^Bad: not run: /)])
  expect(await repair([node('0')], true, true)).toMatchObject({
    questions: [],
    results: [{ result: 'done' }],
  })
})

it.each<[string, Repair, RegExp]>([
  ['an exit status', node('process.exit(3)'), /^exit status 3$/],
  ['what it said', node('console.error("no room"); process.exit(1)'), /^no room$/],
  [
    'an answer that says no',
    node('console.log("{}")', { check: ({ stdout }) => `it said ${stdout.trim()}` }),
    /^it said \{\}$/,
  ],
  ['a tool that is not there', { command: { tool: 'no-such-tool', args: [], cwd: '/' } }, /no-such-tool/],
])('stops at the first that fails: %s', async (_, failing, why) => {
  const { results } = await repair([failing, node('process.exit(9)')], undefined, true)
  expect(results).toMatchObject([{ result: 'failed', why: expect.stringMatching(why) }])
})
