import { expect, expectTypeOf, it, test } from 'vitest'
import { type Command, defineCommand, dirPositional } from '../../src/commands/command.ts'
import { runCommand } from '../../src/yargs-adapter.ts'

const seen: unknown[] = []

const make = defineCommand({
  usage: 'make [dir]',
  describe: 'Makes it',
  positionals: dirPositional,
  flags: {
    tag: { type: 'string', array: true, alias: 't', requiresArg: true },
    'fail-under': { type: 'number', requiresArg: true },
    colour: { choices: ['red', 'blue'] },
    fast: { type: 'boolean' },
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
const run = (...args: string[]) => runCommand(args, commands, { usage: '', epilogue: '' })

test.each([
  [[], {}],
  [['.', '-t', 'a', '--tag=b', '--fail-under=2'], { dir: '.', tag: ['a', 'b'], failUnder: 2 }],
  [['make', '--colour=red', '--colour=blue'], { colour: 'blue' }],
  [['make', '--no-fast', '--', '-x', '7'], { fast: false, toolchainArgs: ['-x', '7'] }],
  [['look', 'there'], { at: 'there' }],
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
  await expect(runCommand(['look', 'x'], [make, failing], { usage: '', epilogue: '' })).rejects.toThrow(
    RangeError,
  )
})
