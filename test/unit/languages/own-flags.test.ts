import { expect, it, test } from 'vitest'
import { checkToolchainArgs, languages } from '../../../src/languages/index.ts'
import type { LanguageName } from '../../../src/languages/options.ts'
import { failureOf } from '../../support/failure-of.ts'

test.each<[LanguageName, string[], string]>([
  ['go', ['-ldflags=-w'], '[go] ldflags = "FLAGS" in xbuild.toml'],
  ['rust', ['--features', 'tls'], '[rust] features = ["NAME"] in xbuild.toml'],
  ['rust', ['-v', '--features=tls'], '[rust] features = ["NAME"] in xbuild.toml'],
  ['rust', ['--no-default-features'], '[rust] default-features = false in xbuild.toml'],
  ['zig', ['--prefix', 'out'], 'set dist in xbuild.toml'],
])('%s %j is refused, with the setting that does the same', async (name, args, fix) => {
  expect(await failureOf(() => checkToolchainArgs(languages[name], args))).toMatchObject({
    kind: 'usage',
    fix,
  })
})

it('leaves other flags to the toolchain', () => {
  for (const language of Object.values(languages)) checkToolchainArgs(language, ['-x', 'constructor'])
})
