import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CommandModule } from 'yargs'
import { build } from '../build.ts'
import { resolveOptions } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import type { Report } from '../report.ts'
import { createProgress, type ProgressMode } from '../ui/progress.ts'
import { summarize } from '../ui/summary.ts'
import { buildFlags, outputFlags, toBuildFlags } from './flags.ts'
import { printPlan } from './plan.ts'

/** `xbuild [build] [dir]`: the main job. */
export const buildCommand: CommandModule = {
  command: ['build [dir]', '$0 [dir]'],
  describe: 'Compile, verify, pack and hand over the image',
  builder: {
    ...buildFlags,
    report: { type: 'string', requiresArg: true, describe: 'Write a JSON report to a file' },
    'dry-run': { type: 'boolean', describe: 'Print the plan and do nothing' },
    ...outputFlags,
  },
  handler: async argv => {
    const options = await resolveOptions(toBuildFlags(argv))
    if (argv['dryRun']) return printPlan(options, argv['json'] === true)
    const progress = createProgress(argv['progress'] as ProgressMode)
    let report: Report
    try {
      report = await build(options, { emit: progress.emit, signal: interruptSignal })
    } finally {
      await progress.close()
    }
    const json = `${JSON.stringify(report, undefined, 2)}\n`
    if (argv['report']) await writeFile(resolve(argv['report'] as string), json)
    if (argv['progress'] !== 'quiet') process.stderr.write(`${summarize(report)}\n`)
    process.stdout.write(argv['json'] ? json : report.images.map(image => `${resultLine(image)}\n`).join(''))
  },
}

/** `name@sha256:…`: the repository of the first tag, or the image's name where it has none. */
function resultLine({ name, tags, digest }: Report['images'][number]): string {
  const [first] = tags
  return digest === undefined ? name : `${first ? first.replace(/:[\w.-]+$/, '') : name}@${digest}`
}
