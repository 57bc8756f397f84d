import { describe, expect, it } from 'vitest'
import type { Check } from '../../../src/doctor/check.ts'
import { describeChecks } from '../../../src/doctor/describe.ts'
import { combine, ok, problem, warning } from '../../../src/doctor/outcome.ts'
import { doctorFailure, runChecks } from '../../../src/doctor/run-checks.ts'
import { Failure, interrupted } from '../../../src/errors.ts'
import { failureOf } from '../../support/failure-of.ts'
import { around } from './around.ts'

const check = (id: string, run: Check['run'], limit?: number): Check => ({
  id,
  title: id,
  question: '?',
  findings: '',
  run,
  ...(limit !== undefined && { limit }),
})

describe('runChecks', () => {
  it('runs all at once, and makes a problem of one that hangs or throws', async () => {
    const started: string[] = []
    let aborted = false
    const checked = await runChecks(
      [
        check(
          'hangs',
          ({ signal }) =>
            new Promise(() => {
              started.push('hangs')
              signal.addEventListener('abort', () => {
                aborted = true
              })
            }),
          0.05,
        ),
        check('fine', async () => {
          started.push('fine')
          return ok('well')
        }),
        check('throws', async () => {
          throw new Failure({ kind: 'tool', what: 'No tool', why: 'one\ntwo', fix: 'install it' })
        }),
      ],
      await around(),
    )
    expect(started).toEqual(['hangs', 'fine'])
    expect(aborted).toBe(true)
    expect(checked).toMatchObject([
      { id: 'hangs', status: 'problem', why: 'no answer within 0.05 s' },
      { id: 'fine', status: 'ok', why: 'well' },
      { id: 'throws', status: 'problem', why: 'No tool: one', details: ['two'], fix: 'install it' },
    ])
  })

  it('waits for nothing that its end cannot stop', async () => {
    const stubborn = check(
      'stubborn',
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => setTimeout(() => reject(interrupted()), 5000).unref())
        }),
      0.05,
    )
    const started = performance.now()
    expect(await runChecks([stubborn], await around())).toMatchObject([{ status: 'problem' }])
    expect(performance.now() - started).toBeLessThan(4500)
  })

  it('is interrupted as a whole', async () => {
    const controller = new AbortController()
    const waits = check(
      'waits',
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(interrupted()))
        }),
    )
    const checking = runChecks([waits], { ...(await around()), signal: controller.signal })
    controller.abort()
    expect((await failureOf(checking)).kind).toBe('interrupted')
  })

  it('leaves bugs to who reports bugs', async () => {
    const buggy = check('buggy', async () => {
      throw new TypeError('undefined is not a function')
    })
    await expect(runChecks([buggy], await around())).rejects.toThrow(TypeError)
  })
})

describe('combine', () => {
  it('has the worst first, and every fix once', () => {
    const found = combine(
      [ok('a'), warning({ why: 'b', fix: 'fix' }), problem({ why: 'c', fix: 'fix' })],
      () => ok('all'),
    )
    expect(found).toEqual({ status: 'problem', why: 'c', details: ['b', 'a'], fix: 'fix' })
    expect(combine([ok('a')], details => ok('all', details))).toEqual({
      status: 'ok',
      why: 'all',
      details: ['a'],
    })
  })
})

it('says it in a line for each check, and fails where there is a problem', async () => {
  const { dir, platforms } = await around()
  const seconds = 0
  const checked = [
    { id: 'a', title: 'A', ...ok('fine'), seconds },
    { id: 'bb', title: 'Bb', ...problem({ why: 'broken', details: ['there'], fix: 'do\nthis' }), seconds },
    { id: 'c', title: 'C', ...warning({ why: 'odd' }), seconds },
  ]
  const text = describeChecks(checked, { dir, platforms })
  expect(text.split('\n').slice(3)).toEqual([
    '✔ A   fine',
    '✖ Bb  broken',
    '      there',
    '      fix  do',
    '           this',
    '! C   odd',
    '',
    '1 problem, 1 warning, 1 ok, 0 not applicable',
  ])
  expect(doctorFailure(checked, {})).toMatchObject({ kind: 'no', what: 'A problem: Bb', fix: 'do\nthis' })
  expect(doctorFailure(checked.slice(2), {})).toBeUndefined()
})
