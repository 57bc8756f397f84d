import type { CommandModule } from 'yargs'
import { planJson } from '../build/plan-json.ts'
import { prepareBuild } from '../build/prepare.ts'
import { buildFlags, toBuildFlags } from '../config/flags.ts'
import { type Options, resolveOptions } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import { describePlan } from '../ui/plan-text.ts'

/** `xbuild plan [dir]`: every command, file and Dockerfile line of a build, without doing any of it. */
export const planCommand: CommandModule = {
  command: 'plan [dir]',
  describe: 'Print what build would do',
  builder: { ...buildFlags, json: { type: 'boolean', describe: 'Print the plan as JSON' } },
  handler: async argv => printPlan(await resolveOptions(toBuildFlags(argv)), argv['json'] === true),
}

/** Plans a build and prints the plan on stdout. */
export async function printPlan(options: Options, json: boolean): Promise<void> {
  const plan = planJson(await prepareBuild(options, interruptSignal), options)
  process.stdout.write(json ? `${JSON.stringify(plan, undefined, 2)}\n` : describePlan(plan))
}
