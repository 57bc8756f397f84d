import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { describeBug, describeFailure, exitCodeOf, failureJson } from '../../../src/ui/messages.ts'
import { describeCommand } from '../../../src/ui/plan-text.ts'
import { describeBytes, describeSeconds, formatTable } from '../../../src/util/format.ts'

test.each([
  [0.344, '0.34 s'],
  [12, '12.0 s'],
  [99.96, '1 min 40 s'],
  [247.4, '4 min 07 s'],
])('%d seconds are %s', (seconds, text) => expect(describeSeconds(seconds)).toBe(text))

test.each([
  [999, '999 B'],
  [5_123_456, '5.1 MB'],
  [999_600, '1.0 MB'],
  [123_456_789, '123 MB'],
])('%d bytes are %s', (bytes, text) => expect(describeBytes(bytes)).toBe(text))

test('a table has columns as wide as their widest cell, and no blanks at the end', () =>
  expect(
    formatTable([
      ['a', 'b'],
      ['ccc', 'd'],
      ['e', ''],
    ]),
  ).toBe('a    b\nccc  d\ne'))

test('a command of the plan can be pasted into a shell', () => {
  const words = ['a b', "it's", '$(id)', '`id`', '*', '"', '', '-ldflags=-s -w', '{work}/x', 'line\nbreak']
  const script = 'console.log(JSON.stringify([process.argv.slice(1), process.env.X, process.cwd()]))'
  const command = {
    tool: process.execPath,
    args: ['-e', script, '--', ...words],
    cwd: '/',
    env: { X: "$Y '" },
  }
  const printed = execFileSync('sh', ['-c', describeCommand(command)], { encoding: 'utf8' })
  expect(JSON.parse(printed)).toEqual([words, "$Y '", '/'])
})

const failure = new Failure({
  kind: 'compile',
  what: 'It failed',
  where: '/src',
  why: 'first\nAPI_TOKEN=abc',
  fix: 'fix it',
})

test('a failure is told as what, where, why and fix, without secrets', () => {
  expect(describeFailure(failure)).toBe(
    'xbuild: It failed\n  where  /src\n  why    first\n         API_TOKEN=***\n  fix    fix it',
  )
  expect(failureJson(failure)).toEqual({
    error: { kind: 'compile', what: 'It failed', where: '/src', why: 'first\nAPI_TOKEN=***', fix: 'fix it' },
  })
  expect(exitCodeOf(failure)).toBe(5)
})

test('what nobody expected is called a bug, with its stack', () => {
  expect(describeBug(new Error('x'))).toMatch(/a bug in xbuild, not in your project\nError: x\n\s+at /)
  expect(exitCodeOf(new Error('x'))).toBe(70)
})

test('what a command had found by its failure is redacted in JSON', () => {
  const report = { commands: [{ env: { DB_PASSWORD: 'hunter2', GOOS: 'linux' } }] }
  const failure = new Failure({ kind: 'compile', what: 'it failed', report })
  expect(failureJson(failure)).toMatchObject({ commands: [{ env: { DB_PASSWORD: '***', GOOS: 'linux' } }] })
})
