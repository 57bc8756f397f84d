import { interruptSignal } from '../interrupt.ts'
import { describeSelfCheck } from '../ui/self-check-text.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { defineCommand } from './command.ts'

/** `xbuild self-check`: whether this installation works, without a project, a toolchain, Docker or a network. */
export const selfCheckCommand = defineCommand({
  usage: 'self-check',
  describe: 'Check this installation: make, verify and run a small image, without a toolchain or Docker',
  positionals: {},
  flags: { json: { type: 'boolean', describe: 'Print what was found as JSON' } },
  run: async argv => {
    const { selfCheck } = await import('../build/self-check.ts')
    const found = await selfCheck(interruptSignal)
    process.stdout.write(argv.json ? `${printJson(found)}\n` : cleanText(describeSelfCheck(found)))
  },
})
