import { readdirSync, readFileSync } from 'node:fs'
import { expect, expectTypeOf, it, test } from 'vitest'
import { type Command, defineCommand, dirPositional } from '../../src/commands/command.ts'
import { environment, flagGroups, helpEpilogue } from '../../src/ui/help.ts'
import { runCommand } from '../../src/yargs-adapter.ts'
import { xbuild } from '../support/cli.ts'

const seen: unknown[] = []

const make = defineCommand({
  usage: 'make [dir]',
  describe: 'Makes it',
  positionals: dirPositional,
  flags: {
    tag: { type: 'string', array: true, alias: 't', requiresArg: true },
    'fail-under': { type: 'number', requiresArg: true },
    colour: { choices: ['red', 'blue'] },
    fast: { type: 'boolean', alias: 'f' },
    slow: { type: 'boolean', conflicts: 'fast' },
    mode: { choices: ['auto', 'plain'], default: 'auto' },
  },
  renamed: { speed: 'fast' },
  run: async argv => {
    expectTypeOf(argv.dir).toEqualTypeOf<string | undefined>()
    expectTypeOf(argv.tag).toEqualTypeOf<string[] | undefined>()
    expectTypeOf(argv.failUnder).toEqualTypeOf<number | undefined>()
    expectTypeOf(argv.colour).toEqualTypeOf<'red' | 'blue' | undefined>()
    expectTypeOf(argv.mode).toEqualTypeOf<'auto' | 'plain'>()
    const { dir, tag, failUnder, colour, fast, toolchainArgs } = argv
    seen.push({ dir, tag, failUnder, colour, fast, toolchainArgs })
  },
})
const look = defineCommand({
  usage: 'look <at>',
  describe: 'Looks at it',
  positionals: { at: { type: 'string', demandOption: true } },
  flags: { deep: { type: 'boolean' } },
  run: async ({ at }) => {
    seen.push({ at })
  },
})
const commands: readonly Command[] = [make, look]
const run = (...args: string[]) =>
  runCommand({ args, early: undefined }, commands, { usage: '', epilogue: '' })

test.each([
  [[], {}],
  [['.', '-t', 'a', '--tag=b', '--fail-under=2'], { dir: '.', tag: ['a', 'b'], failUnder: 2 }],
  [['make', '--colour=red', '--colour=blue'], { colour: 'blue' }],
  [['make', '--no-fast', '--', '-x', '7'], { fast: false, toolchainArgs: ['-x', '7'] }],
  [['look', 'there'], { at: 'there' }],
  [['-tNAME'], { tag: ['NAME'] }],
  [['-t=NAME', '-tother:1', '-t', 'third'], { tag: ['NAME', 'other:1', 'third'] }],
  [['-tr.io/x@1', '-ta=b', '-t-x'], { tag: ['r.io/x@1', 'a=b', '-x'] }],
  [['-tf'], { tag: ['f'] }],
  [['-f', '-ta'], { fast: true, tag: ['a'] }],
  [['make', '-tA', '--', '-tB'], { tag: ['A'], toolchainArgs: ['-tB'] }],
])('%j runs with %j', async (args, values) => {
  seen.length = 0
  await run(...args)
  expect(seen).toEqual([values])
})

test.each([
  [['mkae'], 'There is no command or folder "mkae"; did you mean make?', 'xbuild make'],
  [['--colour=rde'], '--colour cannot be "rde"; did you mean red?', '--colour red'],
  [['--fast', '--slow'], '--slow and --fast cannot be used together', undefined],
  [['--speed'], '--speed is now called --fast', '--fast'],
  [['-t'], '-t needs a value', 'xbuild make --help'],
  [['look'], 'xbuild look needs an argument', 'xbuild look <at>'],
  [['--fats'], 'Unknown flag --fats; did you mean --fast?', 'xbuild make --help'],
  [['--fast=yes'], '--fast takes no value, but was given "yes"', '--fast'],
])('%j is refused', async (args, what, fix) => {
  await expect(run(...args)).rejects.toMatchObject({ kind: 'usage', what, ...(fix && { fix }) })
})

it('names the command that has a flag', async () => {
  await expect(run('--deep')).rejects.toMatchObject({
    why: 'it is a flag of xbuild look, not of xbuild make',
  })
})

it('throws what a command throws', async () => {
  const failing: Command = {
    ...look,
    run: async () => {
      throw new RangeError('x')
    },
  }
  const line = { args: ['look', 'x'], early: undefined }
  await expect(runCommand(line, [make, failing], { usage: '', epilogue: '' })).rejects.toThrow(RangeError)
})

test.each([
  ['help', 'plan', '--help'],
  ['help', 'verify', '--help'],
])('xbuild %s %s is xbuild %s', async (_, command, flag) => {
  const help = await xbuild(['help', command])
  expect(help).toEqual(await xbuild([command, flag]))
  expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/Examples:\n {2}xbuild/) })
})

test('xbuild help is xbuild --help, with groups, examples and variables; a word that is no command is none', async () => {
  const help = await xbuild(['help'])
  expect(help).toEqual(await xbuild(['--help']))
  for (const text of [...Object.keys(flagGroups), 'Examples:', ...Object.keys(environment)])
    expect(help.stdout).toContain(text)
  expect(await xbuild(['help', 'verfy'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('did you mean verify?'),
  })
})

test('every flag of a group is a flag, and every variable that is read is one that --help has', async () => {
  const { stdout } = await xbuild(['--help'])
  for (const name of Object.values(flagGroups).flat()) expect(stdout).toMatch(new RegExp(`--${name}\\b`))
  const source = readdirSync(new URL('../../src', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .map(path => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8'))
    .join('')
  const read = [...source.matchAll(/\benv(?:\.|\[')(XBUILD_\w+)/g)].map(([, name = '']) => name)
  expect(read.length).toBeGreaterThan(5)
  const help = helpEpilogue('', undefined)
  expect(read.filter(name => !help.includes(name))).toEqual([])
})
