import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import type { ProgressMode } from '../../../src/config/flags.ts'
import type { BuildEvent } from '../../../src/types.ts'
import { createProgress } from '../../../src/ui/progress.ts'

/** What a run tells that compiles one platform, fails on the other, and so comes to no image. */
const events: readonly BuildEvent[] = [
  { type: 'note', level: 'info', text: 'Go project' },
  {
    type: 'plan',
    tasks: ['amd64', 'arm64', 'base', 'image'].map(id => ({ id, title: `Title of ${id}` })),
  },
  { type: 'start', id: 'amd64' },
  { type: 'progress', id: 'amd64', detail: '3 packages' },
  { type: 'done', id: 'amd64', detail: '1.0 s' },
  { type: 'note', level: 'warning', text: 'take care' },
  { type: 'skipped', id: 'base', detail: 'not reached' },
  { type: 'start', id: 'arm64' },
  { type: 'failed', id: 'arm64', detail: 'go exited with 1' },
]

/** A stream that is a terminal or none, and what was written to it. */
function stream(columns?: number) {
  const written: string[] = []
  const through = new PassThrough({ encoding: 'utf8' }).on('data', text => written.push(text))
  const tty = columns === undefined ? {} : { isTTY: true, columns, rows: 40 }
  return {
    stream: Object.assign(through, tty) as unknown as NodeJS.WriteStream,
    text: () => written.join(''),
  }
}

async function shown(mode: ProgressMode, columns?: number): Promise<string> {
  const { stream: target, text } = stream(columns)
  const progress = createProgress(mode, target)
  for (const event of events) {
    progress.emit(event)
    // A list is drawn from its second turn on.
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  await progress.close()
  return text()
}

const plain = [
  '  Go project',
  '  ✔ Title of amd64: 1.0 s',
  '  warning: take care',
  '  - Title of base: not reached',
  '  ✖ Title of arm64: go exited with 1',
  '',
].join('\n')

afterEach(() => vi.unstubAllEnvs())

test('plain lines have one for each task that ended and each remark, and no control character', async () => {
  expect(await shown('plain', 80)).toBe(plain)
})

test('quiet says nothing, rawjson one event a line', async () => {
  expect(await shown('quiet')).toBe('')
  const lines = (await shown('rawjson')).trim().split('\n')
  expect(lines.map(line => JSON.parse(line))).toEqual(events)
})

test.each<[where: string, columns: number | undefined, env: Record<string, string>]>([
  ['a pipe', undefined, { CI: '' }],
  ['a terminal without width', 0, { CI: '' }],
  ['CI, terminal or not', 80, { CI: 'true' }],
])('auto is plain on %s', async (_, columns, env) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  expect(await shown('auto', columns)).toBe(plain)
})

describe('on a terminal', () => {
  it('the list ends as it went: what never started is not drawn as failed, and remarks stand after it', async () => {
    vi.stubEnv('CI', '')
    const text = await shown('auto', 80)
    expect(text).toContain('\u001b[')
    const lines = stripVTControlCharacters(text).trimEnd().split(/\r?\n/)
    expect(lines[0]).toBe('Go project')
    expect(lines.slice(-5)).toEqual([
      '✔ Title of amd64: 1.0 s',
      '✖ Title of arm64: go exited with 1',
      '↓ Title of base: not reached',
      '◼ Title of image',
      'warning: take care',
    ])
  })
})
