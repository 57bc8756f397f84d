import type { CommandModule } from 'yargs'
import { planJson } from '../build/plan-json.ts'
import { prepareBuild } from '../build/prepare.ts'
import { buildFlags, toBuildFlags } from '../config/flags.ts'
import { resolveOptions } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'

/** `xbuild dockerfile [dir]`: the generated Dockerfile on stdout. */
export const dockerfileCommand: CommandModule = {
  command: 'dockerfile [dir]',
  describe: 'Print the generated Dockerfile',
  builder: buildFlags,
  handler: async argv => {
    const options = await resolveOptions(toBuildFlags(argv))
    const { images } = planJson(await prepareBuild(options, interruptSignal), options)
    const several = images.length > 1
    for (const { name, dockerfile } of images) {
      process.stdout.write(several ? `# --- ${name} ---\n${dockerfile}\n` : dockerfile)
    }
  },
}
