import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { withCacheCounts } from '../../../src/build/compile-cache.ts'
import type { Plan } from '../../../src/build/plan.ts'
import { tokens } from '../../../src/util/substitute.ts'
import { fakeTools } from '../../support/fake-tools.ts'
import { temporaryFolder } from '../../support/projects.ts'

afterEach(() => vi.unstubAllEnvs())

const planWith = (env: Record<string, string>) =>
  ({
    cwd: '/',
    project: { language: 'rust' },
    compile: { steps: [{ command: { tool: 'cargo', args: [], cwd: '/', env } }] },
  }) as unknown as Plan

const stats = (hits: number, misses: number) =>
  JSON.stringify({
    stats: { cache_hits: { counts: { Rust: hits, 'C/C++': 1 } }, cache_misses: { counts: { Rust: misses } } },
  })

async function notesOf(plan: Plan, folder = '/'): Promise<string[]> {
  const notes: string[] = []
  const recorder = { note: (_: string, text: string) => void notes.push(text) }
  const run = { folder, signal: new AbortController().signal }
  expect(await withCacheCounts(plan, recorder, run, async () => 'done')).toBe('done')
  return notes
}

test('what sccache had is the difference of its counts', async () => {
  const { path } = await fakeTools({
    sccache: [
      { when: /start-server/, exitCode: 2 },
      { times: 1, stdout: stats(10, 5) },
      { stdout: stats(50, 15) },
    ],
  })
  vi.stubEnv('PATH', path)
  expect(await notesOf(planWith({ RUSTC_WRAPPER: 'sccache' }))).toEqual([
    'sccache had 40 of 50 compiles in its cache',
  ])
})

test('sccache that does not answer, or was asked for nothing, is no remark', async () => {
  const { path } = await fakeTools({
    sccache: [{ when: /start-server/ }, { times: 1, exitCode: 2 }, { stdout: stats(1, 1) }],
  })
  vi.stubEnv('PATH', path)
  expect(await notesOf(planWith({ RUSTC_WRAPPER: 'sccache' }))).toEqual([])
  expect(await notesOf(planWith({ RUSTC_WRAPPER: '/opt/bin/sccache' }))).toEqual([])
})

test('without sccache nothing is asked', async () => {
  const tools = await fakeTools({ sccache: { stdout: stats(1, 1) } })
  vi.stubEnv('PATH', tools.path)
  vi.stubEnv('RUSTC_WRAPPER', '')
  expect(await notesOf(planWith({}))).toEqual([])
  expect(await tools.calls()).toEqual([])
})

const action = (Mode: string, ran: boolean) => ({ Mode, Package: 'x', Cmd: ran ? ['compile'] : null })

test.each<[string, string, string[]]>([
  [
    'some',
    JSON.stringify([
      action('build', true),
      action('build', false),
      action('build', false),
      action('link', true),
    ]),
    ['cacheprog had 4 of 6 packages in its cache'],
  ],
  // Of a program that is up to date, nothing is asked for.
  ['a program that was linked before', JSON.stringify([action('build', false), action('link', false)]), []],
  ['no action graph', 'null', []],
  ['half of one', '[{', []],
])('what a cache program of Go had: %s', async (_, graph, notes) => {
  const folder = await temporaryFolder()
  const step = (name: string) => ({
    command: { tool: 'go', args: [], cwd: '/' },
    cacheLog: { program: '/opt/bin/cacheprog --token=secret', path: `${tokens.work}/${name}` },
  })
  await writeFile(join(folder, 'a'), graph)
  await writeFile(join(folder, 'b'), graph)
  const plan = { cwd: '/', project: { language: 'go' }, compile: { steps: [step('a'), step('b')] } }
  expect(await notesOf(plan as unknown as Plan, folder)).toEqual(notes)
})

test('a cache program that wrote no log is no remark', async () => {
  const step = {
    command: { tool: 'go', args: [], cwd: '/' },
    cacheLog: { program: 'x', path: `${tokens.work}/a` },
  }
  const plan = { cwd: '/', project: { language: 'go' }, compile: { steps: [step] } }
  expect(await notesOf(plan as unknown as Plan, await temporaryFolder())).toEqual([])
})
