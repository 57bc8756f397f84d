import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
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
  '  ✔ [1/4] Title of amd64: 1.0 s',
  '  warning: take care',
  '  - [2/4] Title of base: not reached',
  '  ✖ [3/4] Title of arm64: go exited with 1',
  '',
].join('\n')

afterEach(() => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
})
beforeEach(() => {
  for (const name of ['GITHUB_ACTIONS', 'GITLAB_CI', 'FORCE_COLOR']) vi.stubEnv(name, undefined)
  vi.stubEnv('NO_COLOR', '1')
})

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

test('a task that runs on is named every ten seconds, with what it is at', () => {
  vi.useFakeTimers()
  const { stream: target, text } = stream()
  const progress = createProgress('plain', target)
  progress.emit({ type: 'plan', tasks: [{ id: 'a', title: 'Compile' }] })
  progress.emit({ type: 'start', id: 'a' })
  vi.advanceTimersByTime(10_000)
  progress.emit({ type: 'progress', id: 'a', detail: '3 of 9 packages' })
  // A busy machine is late.
  vi.setSystemTime(Date.now() + 500)
  vi.advanceTimersByTime(900)
  vi.setSystemTime(Date.now() + 9600)
  vi.advanceTimersByTime(8000)
  progress.emit({ type: 'done', id: 'a' })
  vi.advanceTimersByTime(30_000)
  expect(text().split('\n')).toEqual([
    '  … Compile: 10 s',
    '  … Compile: 21 s, 3 of 9 packages',
    '  ✔ [1/1] Compile',
    '',
  ])
})

test('a task that runs for long is named less and less often', () => {
  vi.useFakeTimers()
  const { stream: target, text } = stream()
  const progress = createProgress('plain', target)
  progress.emit({ type: 'plan', tasks: [{ id: 'a', title: 'Compile' }] })
  progress.emit({ type: 'start', id: 'a' })
  vi.advanceTimersByTime(720_000)
  progress.emit({ type: 'done', id: 'a' })
  const at = text().match(/(?<=: ).*? s$/gm) ?? []
  expect(at.slice(8, 15)).toEqual([
    '90 s',
    '1 min 40 s',
    '1 min 50 s',
    '2 min 00 s',
    '2 min 30 s',
    '3 min 00 s',
    '3 min 30 s',
  ])
  expect(at.slice(-3)).toEqual(['10 min 00 s', '11 min 00 s', '12 min 00 s'])
})

test('on a terminal, a task that runs has its seconds behind its title, and one that is cut off is no failure', async () => {
  vi.stubEnv('CI', '')
  const { stream: target, text } = stream(80)
  const progress = createProgress('auto', target)
  progress.emit({ type: 'plan', tasks: [{ id: 'a', title: 'Compile' }] })
  progress.emit({ type: 'start', id: 'a' })
  await new Promise(resolve => setTimeout(resolve, 2300))
  await progress.close()
  const shown = stripVTControlCharacters(text())
  expect(shown).toMatch(/Compile \([12] s\)/)
  expect(shown).toContain('↓ Compile: stopped')
  expect(shown).not.toContain('✖')
})

describe('in the log of a CI service', () => {
  it('of GitHub, the tasks are a group, a warning is one of GitHub’s, and no text is obeyed', async () => {
    vi.stubEnv('GITHUB_ACTIONS', 'true')
    const { stream: target, text } = stream()
    const progress = createProgress('plain', target)
    progress.emit({ type: 'plan', tasks: [{ id: 'a', title: 'Compile' }] })
    progress.emit({ type: 'note', level: 'warning', text: '50% of\n::set-output name=a::b' })
    progress.emit({ type: 'note', level: 'info', text: '::add-mask::a\n  ::error::b ##[error]c' })
    progress.emit({ type: 'done', id: 'a' })
    await progress.close()
    expect(text()).toBe(
      [
        '::group::Build with xbuild',
        '::warning title=xbuild::50%25 of%0A::set-output name=a::b',
        '  : :add-mask::a',
        '  : :error::b ## [error]c',
        '  ✔ [1/1] Compile',
        '::endgroup::',
        '',
      ].join('\n'),
    )
  })

  it('of GitLab, they are a section that has a name of its own', async () => {
    vi.stubEnv('GITLAB_CI', 'true')
    const texts = []
    for (let run = 0; run < 2; run++) {
      const { stream: target, text } = stream()
      const progress = createProgress('plain', target)
      progress.emit({ type: 'plan', tasks: [{ id: 'a', title: 'Compile' }] })
      await progress.close()
      texts.push(text())
    }
    const names = texts.map(text => {
      const [, start, end] =
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what GitLab asks for
        /^\x1b\[0Ksection_start:\d+:(\w+)\r\x1b\[0KBuild with xbuild\n\x1b\[0Ksection_end:\d+:(\w+)\r\x1b\[0K\n$/.exec(
          text,
        ) ?? []
      expect(start).toBe(end)
      return start
    })
    expect(new Set(names).size).toBe(2)
  })

  it('without tasks there is nothing to fold', async () => {
    vi.stubEnv('GITHUB_ACTIONS', 'true')
    const { stream: target, text } = stream()
    await createProgress('plain', target).close()
    expect(text()).toBe('')
  })
})
