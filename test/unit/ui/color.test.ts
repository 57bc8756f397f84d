import { expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { paintFor, wantsColor } from '../../../src/ui/color.ts'
import { describeFailure } from '../../../src/ui/messages.ts'

const terminal = { isTTY: true }
const pipe = { isTTY: false }

test.each<[stream: { isTTY: boolean }, env: Record<string, string>, colors: boolean]>([
  [terminal, {}, true],
  [pipe, {}, false],
  [terminal, { NO_COLOR: '1' }, false],
  [terminal, { NO_COLOR: '' }, true],
  [terminal, { TERM: 'dumb' }, false],
  [terminal, { CLICOLOR: '0' }, false],
  [pipe, { FORCE_COLOR: '1' }, true],
  [pipe, { FORCE_COLOR: '' }, true],
  [terminal, { FORCE_COLOR: '0' }, false],
  [pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  [pipe, { CLICOLOR_FORCE: '1' }, true],
  [terminal, { CLICOLOR_FORCE: '1', NO_COLOR: '1' }, false],
  [pipe, { CLICOLOR_FORCE: '0' }, false],
])('%j with %j has colours: %s', (stream, env, colors) => {
  expect(wantsColor(stream, env)).toBe(colors)
})

test('the head of a failure is red, and no colour of others gets through', () => {
  const failure = new Failure({ kind: 'usage', what: 'It \u001b[32mfailed', why: 'so', fix: 'fix it' })
  expect(describeFailure(failure, paintFor(pipe, { FORCE_COLOR: '1' }))).toBe(
    '\u001b[31mxbuild: It failed\u001b[39m\n  why    so\n  fix    fix it',
  )
})
