import { planJson } from '../build/plan-json.ts'
import { prepareOnly } from '../build/registries.ts'
import { buildFlags } from '../config/flags.ts'
import { resolveOptions } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import { cleanText } from '../util/printable.ts'
import { defineCommand, dirPositional } from './command.ts'

/** `xbuild dockerfile [dir]`: the generated Dockerfile on stdout. */
export const dockerfileCommand = defineCommand({
  usage: 'dockerfile [dir]',
  describe: 'Print the generated Dockerfile',
  examples: [['dockerfile > Dockerfile', 'the Dockerfile that a build would hand to buildx']],
  positionals: dirPositional,
  flags: buildFlags,
  run: async argv => {
    const options = await resolveOptions(argv)
    const { images } = planJson(await prepareOnly(options, interruptSignal))
    const several = images.length > 1
    for (const { name, dockerfile } of images) {
      const text = several ? `# --- ${name} ---\n${dockerfile}\n` : dockerfile
      // In a file it is what docker reads, to the byte.
      process.stdout.write(process.stdout.isTTY ? cleanText(text) : text)
    }
  },
})
