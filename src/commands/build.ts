import { resolve } from 'node:path'
import type { CommandModule } from 'yargs'
import { type Compared, compareFinished } from '../bench/compare/after-build.ts'
import { checkComparisons } from '../bench/compare/bounds.ts'
import type { ComparedReport } from '../bench/compare/compare.ts'
import { type BoundFlags, readBounds } from '../bench/measure/request.ts'
import { build } from '../build/build.ts'
import type { Report } from '../build/report.ts'
import { benchBoundFlags, buildFlags, outputFlags, toBuildFlags } from '../config/flags.ts'
import { type Options, resolveOptions } from '../config/options.ts'
import { withReport } from '../errors.ts'
import { interruptSignal } from '../interrupt.ts'
import type { Emit } from '../types.ts'
import { createProgress, type ProgressMode } from '../ui/progress.ts'
import { summarize } from '../ui/summary.ts'
import { redactAll } from '../util/redact.ts'
import { writeUserFile } from '../util/write-user-file.ts'
import { printPlan } from './plan.ts'

/** `xbuild [build] [dir]`: the main job. */
export const buildCommand: CommandModule = {
  command: ['build [dir]', '$0 [dir]'],
  describe: 'Compile, verify, pack and hand over the image',
  builder: {
    ...buildFlags,
    report: { type: 'string', requiresArg: true, describe: 'Write a JSON report to a file' },
    bench: { type: 'boolean', describe: 'Measure the emulated path once the image is out, and compare' },
    ...benchBoundFlags,
    'dry-run': { type: 'boolean', describe: 'Print the plan and do nothing' },
    ...outputFlags,
  },
  handler: async argv => {
    const options = await resolveOptions(toBuildFlags(argv))
    if (argv['dryRun']) return printPlan(options, argv['json'] === true)
    const bounds = readBounds(argv as BoundFlags)
    const report = await withProgress(argv, emit => build(options, { emit, signal: interruptSignal }))
    let whole: ComparedReport = report
    let failure: unknown
    try {
      const compared = await compare(report, options, argv)
      whole = { ...report, comparison: compared.comparisons }
      checkComparisons(compared, bounds, report.host)
    } catch (error) {
      // The image is out, even where measuring was interrupted; --json prints one value, the failure's.
      failure = withReport(error, whole)
    }
    await show(whole, argv, failure === undefined)
    if (failure) throw failure
  },
}

type Arguments = Readonly<Record<string, unknown>>

async function withProgress<T>(argv: Arguments, work: (emit: Emit) => Promise<T>): Promise<T> {
  const progress = createProgress(argv['progress'] as ProgressMode)
  try {
    return await work(progress.emit)
  } finally {
    await progress.close()
  }
}

function compare(report: Report, options: Options, argv: Arguments): Promise<Compared> {
  const measure = argv['bench'] === true ? 'always' : options.bench.auto ? 'missing' : 'never'
  return withProgress(argv, emit =>
    compareFinished(report, options, measure, { emit, signal: interruptSignal }),
  )
}

async function show(report: ComparedReport, argv: Arguments, printsJson: boolean): Promise<void> {
  const json = `${JSON.stringify(redactAll(report), undefined, 2)}\n`
  const path = argv['report'] as string | undefined
  if (path) await writeUserFile(resolve(path), json, '--report')
  if (argv['progress'] !== 'quiet') process.stderr.write(`${summarize(report)}\n`)
  if (argv['json'] && !printsJson) return
  process.stdout.write(argv['json'] ? json : report.images.map(image => `${resultLine(image)}\n`).join(''))
}

/** `name@sha256:…`: the repository of the first tag, or the image's name where it has none. */
function resultLine({ name, tags, digest }: Report['images'][number]): string {
  const [first] = tags
  return digest === undefined ? name : `${first ? first.replace(/:[\w.-]+$/, '') : name}@${digest}`
}
