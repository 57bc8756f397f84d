import { describe, expect, it, test } from 'vitest'
import { Failure } from '../../../src/errors.ts'
import { describeBug, describeFailure } from '../../../src/ui/messages.ts'
import { cleanText, printable, printJson } from '../../../src/util/printable.ts'

describe('cleanText', () => {
  it.each([
    ['plain text, ü and 漢字', 'plain text, ü and 漢字'],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['a\r\nb', 'a\nb'],
    ['safe\rfake', 'safe fake'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007rest', 'rest'],
    ['\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u009b31mred', 'red'],
    ['\u001bcreset', 'reset'],
    ['bell\u0007 and back\u0008space', 'bell  and back space'],
    ['\u0085next\u0090dcs', ' next dcs'],
    ['user\u202egnp.exe', 'usergnp.exe'],
    ['\u2066isolate\u2069', 'isolate'],
    ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['line\u2028separator', 'line separator'],
    ['nul\0', 'nul '],
  ])('%j is %j', (text, expected) => expect(cleanText(text)).toBe(expected))
})

it('makes one line of not too many characters', () => {
  expect(printable(' a\n\u001b[1mb\u001b[0m  c ')).toBe('a b c')
  expect(printable('x'.repeat(300), 10)).toBe(`${'x'.repeat(10)}…`)
})

it('prints JSON of the same value without characters that a terminal obeys', () => {
  const value = { a: '\u009b31m\u202e\u2028\u001b', b: ['\u{e0041}'] }
  const text = printJson(value)
  expect(JSON.parse(text)).toEqual(value)
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028]/u)
})

test.each(['what', 'where', 'why', 'fix'] as const)(
  'a failure whose %s is of a stranger prints harmlessly',
  field => {
    const details = { kind: 'registry', what: 'x', [field]: 'a\u001b[2J\u202e\u0085\u009bb' } as const
    expect(describeFailure(new Failure(details))).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    expect(describeBug(new Error('\u001b[2J\u202e'))).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  },
)
