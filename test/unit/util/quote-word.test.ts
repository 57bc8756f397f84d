import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { quoteWord } from '../../../src/util/quote-word.ts'

it.each(['-o', 'a=b', '/usr/bin/cc', 'user@host', 'x,y', '{work}/linux_amd64'])('leaves %s as it is', word =>
  expect(quoteWord(word)).toBe(word),
)

const special = [
  '',
  ' ',
  "it's",
  '$(id)',
  '`id`',
  '*',
  '~',
  '\n',
  '\\',
  '{a,b}',
  '{1..3}',
  '{',
  'a;b',
  '{work},{x y}',
]

it.each(special)('a shell reads %j back', word => {
  const script = `printf '%s' ${quoteWord(word)}`
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe(word)
})
