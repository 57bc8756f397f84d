import { expect, test } from 'vitest'
import { buildCommand } from '../../../src/commands/build.ts'
import type { Command } from '../../../src/commands/command.ts'
import { lintCommand } from '../../../src/commands/lint.ts'
import { verifyCommand } from '../../../src/commands/verify.ts'
import { runCommand } from '../../../src/yargs-adapter.ts'
import { fuzz, inputs } from '../../support/fuzz.ts'

/** Real flags, with a command behind them that only looks at what it is given. */
const commands: readonly Command[] = [buildCommand, verifyCommand, lintCommand].map(command => ({
  ...(command as Command),
  async run(argv) {
    for (const [name, value] of Object.entries(argv)) {
      if (name === '_' || name === '$0' || value === undefined) continue
      const flag = command.flags[name as never] as { array?: boolean; type?: string } | undefined
      if (flag?.array) expect(value).toSatisfy(Array.isArray)
      else if (flag?.type === 'boolean') expect(value).toBeTypeOf('boolean')
      else if (flag?.type === 'string') expect(value).toBeTypeOf('string')
    }
  },
}))

/** One argument a line. */
const seeds = [
  'build\n.\n--platform=linux/amd64,linux/arm64\n-tapp:1\n-t\nb:2\n--push\n-o\nx.tar\n-j4',
  '--label=a=b\n--no-push\n--user=1:1\n--backend\noci\n--json\n--\n-x\n--tags=a',
  'verify\nr.example/app:1\n--json\n--platform\nlinux/amd64',
  'lint\nDockerfile\n--format=sarif\n--fix\n--no-fix',
  '--base.x=1\n----\n-\n--no-\n--=x\n-=\n--__proto__=1\n--constructor\n-t=\n--tag=\n--push=yes\n--\n--\n-1\n-.5',
].map(text => Buffer.from(text))

test(`${Math.ceil(inputs / 5)} command lines that are none`, async () => {
  let number = 0
  await fuzz(seeds, async bytes => {
    if (number++ % 5) return
    const args = bytes.toString().replaceAll('\0', '').split('\n')
    // These print, and are tried with the whole program.
    if (args.some(word => /^--?(h|v|help|version)/.test(word) || /^-[a-z]*[hv]/.test(word))) return
    await runCommand({ args, early: undefined }, commands, { usage: '', epilogue: '' })
  })
}, 3_600_000)
