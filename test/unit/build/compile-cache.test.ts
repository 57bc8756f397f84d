import { afterEach, expect, test, vi } from 'vitest'
import { withCacheCounts } from '../../../src/build/compile-cache.ts'
import type { Plan } from '../../../src/build/plan.ts'
import { fakeTools } from '../../support/fake-tools.ts'

afterEach(() => vi.unstubAllEnvs())

const planWith = (env: Record<string, string>) =>
  ({
    cwd: '/',
    compile: { steps: [{ command: { tool: 'cargo', args: [], cwd: '/', env } }] },
  }) as unknown as Plan

const stats = (hits: number, misses: number) =>
  JSON.stringify({
    stats: { cache_hits: { counts: { Rust: hits, 'C/C++': 1 } }, cache_misses: { counts: { Rust: misses } } },
  })

async function notesOf(plan: Plan): Promise<string[]> {
  const notes: string[] = []
  const recorder = { note: (_: string, text: string) => void notes.push(text) }
  expect(await withCacheCounts(plan, recorder, new AbortController().signal, async () => 'done')).toBe('done')
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
