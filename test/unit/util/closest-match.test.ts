import { expect, test } from 'vitest'
import { closestMatch } from '../../../src/util/closest-match.ts'

const flags = ['platform', 'tag', 'push', 'load', 'base']

test.each([
  ['platfrom', 'platform'],
  ['PLATFORM', 'platform'],
  ['tga', 'tag'],
  ['plattformen', 'platform'],
  ['psh', 'push'],
  ['x', undefined],
  ['', undefined],
  ['zz', undefined],
  ['registry', undefined],
  ['pull', undefined],
  ['lag', 'tag'],
  ['bag', 'tag'],
  ['all', undefined],
])('what is meant by %j is %j', (text, meant) => expect(closestMatch(text, flags)).toBe(meant))
