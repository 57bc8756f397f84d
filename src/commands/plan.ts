import { planJson } from '../build/plan-json.ts'
import { prepareOnly } from '../build/registries.ts'
import { buildFlags } from '../config/flags.ts'
import { type Options, resolveOptions } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import { describePlan } from '../ui/plan-text.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { redactAll } from '../util/redact.ts'
import { defineCommand, dirPositional } from './command.ts'

/** `xbuild plan [dir]`: every command, file and Dockerfile line of a build, without doing any of it. */
export const planCommand = defineCommand({
  usage: 'plan [dir]',
  describe: 'Print what build would do, without doing it',
  examples: [["plan --json | jq '.steps[].command'", 'the commands that a build would run']],
  positionals: dirPositional,
  flags: { ...buildFlags, json: { type: 'boolean', describe: 'Print the plan as JSON' } },
  run: async argv => printPlan(await resolveOptions(argv), argv.json === true),
})

/** Plans a build and prints the plan on stdout. */
export async function printPlan(options: Options, json: boolean): Promise<void> {
  const plan = redactAll(planJson(await prepareOnly(options, interruptSignal)))
  process.stdout.write(json ? `${printJson(plan)}\n` : cleanText(describePlan(plan)))
}
