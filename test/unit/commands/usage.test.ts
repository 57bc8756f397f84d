import { expect, test } from 'vitest'
import { buildCommand } from '../../../src/commands/build.ts'
import type { Command } from '../../../src/commands/command.ts'
import { planCommand } from '../../../src/commands/plan.ts'
import { checkFlags, checkFolder, usageFailure } from '../../../src/commands/usage.ts'
import { verifyCommand } from '../../../src/commands/verify.ts'
import { failureOf } from '../../support/failure-of.ts'

const commands: readonly Command[] = [buildCommand, planCommand, verifyCommand]
const refuse = (...args: string[]) => failureOf(() => checkFlags(args, commands))

test.each([
  [['--platform', 'linux/arm64', '-t', 'a', '-ta', '-o=x', '--no-push', '--push=false', '-j', '-1']],
  [
    [
      'plan',
      '--cacheFrom=x',
      '--cache-from=x',
      '--help',
      '-h',
      '-v',
      '-',
      '--bench-fail-under',
      '-1.5',
    ].slice(0, 7),
  ],
  [['--', '--nothing', '----']],
])('%j is taken', args => {
  expect(() => checkFlags(args, commands)).not.toThrow()
})

test.each([
  [['--no-tag'], '--tag is no switch', 'leave --tag out'],
  [['--no-base'], '--base is no switch', 'leave --base out'],
  [['--base.x=1'], 'Unknown flag --base.x', 'xbuild build --help'],
  [['--tag[]=1'], 'Unknown flag --tag[]', 'xbuild build --help'],
  [['----'], 'Unknown flag ----', 'xbuild build --help'],
  [['--=x'], 'Unknown flag --', 'xbuild build --help'],
  [['---tag=x'], 'Unknown flag ---tag', 'xbuild build --help'],
  [['-z'], 'Unknown flag -z', 'xbuild build --help'],
  [['--constructor'], 'Unknown flag --constructor', 'xbuild build --help'],
  [['--__proto__=1'], 'Unknown flag --__proto__', 'xbuild build --help'],
  [['--push=yes'], '--push takes no value', '--push'],
  [['--helpp'], 'Unknown flag --helpp; did you mean --help?', 'xbuild build --help'],
  [['--verison'], 'Unknown flag --verison; did you mean --version?', 'xbuild build --help'],
  [['--tga=x'], 'Unknown flag --tga; did you mean --tag?', 'xbuild build --help'],
])('%j is refused', async (args, what, fix) => {
  const failure = await refuse(...args)
  expect(failure).toMatchObject({ kind: 'usage', fix })
  expect(failure.what.startsWith(what)).toBe(true)
})

test.each([
  ['--build-arg=A=1', 'env = { NAME = "value" } in [go]'],
  ['--pull', 'leave it out'],
  ['--no-cache', 'go clean -cache'],
  ['--target=x', '--platform linux/arm64'],
  ['--file=x', 'template'],
  ['-f', 'template'],
  ['--iidfile=x', '--metadata-file'],
  ['-q', '--progress quiet'],
  ['--entrypoint=x', 'entrypoint in [image] of xbuild.toml'],
  ['-w', 'workdir in [image] of xbuild.toml'],
  ['--ldflags=x', 'ldflags in [go] of xbuild.toml'],
  ['--tags=netgo', '--tag NAME:TAG for the image, [go] tags'],
  ['--trimpath', 'xbuild -- --trimpath'],
  ['-Dcpu=x', 'xbuild -- -D'],
  ['--manifest-path=x', 'xbuild DIR'],
  ['-C', 'xbuild DIR'],
  ['--rm', 'leave it out'],
  ['--memory=1g', '-j N'],
  ['--debug', '--progress plain'],
  ['--features=x', 'features in [rust] of xbuild.toml'],
])('%s says what to use instead, and suggests no other flag', async (flag, fix) => {
  const failure = await refuse(flag)
  expect(failure.fix).toContain(fix)
  expect(failure.what).not.toContain('did you mean')
})

test('a dash in place of a file is refused by its flag', () => {
  const failure = usageFailure({ kind: 'no value', name: 'output' }, ['-o', '-'], commands)
  expect(failure).toMatchObject({ what: '-o cannot be "-"', fix: '-o FILE' })
  expect(usageFailure({ kind: 'no value', name: 'output' }, ['-o'], commands).what).toBe(
    '--output needs a value',
  )
})

test('a word that is no command is named before those that follow it', () => {
  const failure = usageFailure({ kind: 'unknown', name: 'ls' }, ['image', 'ls'], commands)
  expect(failure).toMatchObject({ what: 'There is no command or folder "image"', fix: 'docker image ls' })
  const second = usageFailure({ kind: 'unknown', name: 'b' }, ['plan', 'a', 'b'], commands)
  expect(second.what).toBe('Unexpected argument "b"')
})

test('a language that is near none is left out', () => {
  const choices = ['go', 'rust', 'zig']
  const fix = (given: string) =>
    usageFailure({ kind: 'not a choice', name: 'lang', given, choices }, [], commands).fix
  expect(fix('c++')).toBe('leave --lang out')
  expect(fix('rusty')).toBe('--lang rust')
})

test.each([
  ['version', 'xbuild --version', false],
  ['run', 'docker run', false],
  ['biuld', 'xbuild build', true],
  ['verfy', 'xbuild verify', true],
  ['deploy', 'xbuild --help', false],
])('xbuild %s is no command', async (word, fix, near) => {
  const failure = await failureOf(() => checkFolder(word, commands))
  expect(failure).toMatchObject({
    kind: 'usage',
    what: expect.stringContaining('There is no command or folder'),
  })
  expect(failure.fix).toContain(fix)
  expect(failure.what.includes('did you mean')).toBe(near)
})

test.each(['.', 'src', './run', '../version', 'cmd/app'])('%s is a folder', dir => {
  expect(() => checkFolder(dir, commands)).not.toThrow()
})
