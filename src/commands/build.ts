import { resolve } from 'node:path'
import { compareFinished } from '../bench/compare/after-build.ts'
import type { Compared, ComparedReport } from '../bench/compare/compare.ts'
import { readThresholds } from '../bench/compare/threshold-flags.ts'
import { checkComparisons } from '../bench/compare/thresholds.ts'
import { build } from '../build/build.ts'
import { type Report, reportVersion } from '../build/report.ts'
import { benchBoundFlags, buildFlags, outputFlags, type ProgressMode } from '../config/flags.ts'
import { type Options, resolveOptions } from '../config/options.ts'
import { Failure, withReport } from '../errors.ts'
import { interruptSignal } from '../interrupt.ts'
import type { Emit } from '../types.ts'
import { paintFor } from '../ui/color.ts'
import { canAsk, confirm } from '../ui/confirm.ts'
import { describeFailure, failureJson } from '../ui/messages.ts'
import { nextStep } from '../ui/next-step.ts'
import { createProgress } from '../ui/progress.ts'
import { summarize } from '../ui/summary.ts'
import { describeTimings } from '../ui/timings-text.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { redact, redactAll } from '../util/redact.ts'
import { timeline } from '../util/timeline.ts'
import { checkUserFile, writeUserFile } from '../util/write-user-file.ts'
import { version } from '../version.ts'
import { runBeforeSteps } from './before.ts'
import { defineCommand, dirPositional } from './command.ts'
import { printPlan } from './plan.ts'

/** `xbuild [build] [dir]`: compiles a project and makes its images. */
export const buildCommand = defineCommand({
  usage: 'build [dir]',
  describe: 'Compile, verify, and push or write the image',
  examples: [
    ['--tag registry.example.com/app:1.0 --push', 'build linux/amd64 and linux/arm64, push one tag'],
    ['--load', 'load NAME:latest into the Docker engine, for this machine'],
    ['', 'without a registry: dist/NAME.oci.tar and the binaries'],
    ['--platform linux/amd64,linux/arm/v7 -o image.tar', 'other platforms, as an OCI archive'],
    ['./cmd/server -- -tags=netgo', 'one program of a project, with flags for the toolchain'],
  ],
  positionals: dirPositional,
  flags: {
    ...buildFlags,
    report: { type: 'string', requiresArg: true, describe: 'Write a JSON report to a file' },
    'digest-file': {
      type: 'string',
      requiresArg: true,
      describe: 'Write what was pushed to a file, NAME:TAG@DIGEST a line, for xbuild merge',
    },
    bench: { type: 'boolean', describe: 'After the build, measure it under emulation and compare' },
    ...benchBoundFlags,
    timings: { type: 'boolean', describe: 'Show where the time went: every stage, command and request' },
    'dry-run': { type: 'boolean', describe: 'Print the plan and do nothing else' },
    ...outputFlags,
  },
  run: async (argv, line) => {
    const options = await resolveOptions(argv).catch(error => reportFailure(error, argv.report))
    if (argv.dryRun) return printPlan(options, argv.json === true)
    const thresholds = readThresholds(argv)
    if (argv.digestFile !== undefined) await checkDigestFile(argv.digestFile, options)
    if (argv.report) await checkUserFile(resolve(argv.report), '--report')
    // Their compilers may read what these steps are about to make.
    if (options.before.length > 0) await line.early?.end()
    const changes = await runBeforeSteps(options, argv.progress).catch(error =>
      reportFailure(error, argv.report),
    )
    const report = await withProgress(argv.progress, emit =>
      build(options, {
        ...{ emit, confirm: canAsk() ? confirm : undefined, signal: interruptSignal },
        ...{ changes, line },
      }),
    ).catch(error => reportFailure(error, argv.report))
    let whole: ComparedReport = report
    let failure: unknown
    try {
      const compared = await compare(report, options, argv)
      whole = { ...report, comparison: compared.comparisons }
      checkComparisons(compared, thresholds, report.host)
    } catch (error) {
      // The image is there, even if measuring was interrupted. --json prints one value, the failure's.
      failure = withReport(error, whole)
    }
    if (argv.digestFile !== undefined)
      await writeUserFile(resolve(argv.digestFile), digestLines(report), '--digest-file')
    await show(whole, options, argv, failure === undefined)
    if (argv.timings) showTimings()
    if (failure) throw failure
  },
})

/** The flags that matter after the image is made. */
interface ShowFlags {
  readonly progress: ProgressMode
  readonly bench?: boolean | undefined
  readonly report?: string | undefined
  readonly json?: boolean | undefined
  readonly timings?: boolean | undefined
}

/** Writes what was done by then, with the failure, and throws that; a report that cannot be written does not hide it. */
async function reportFailure(failure: unknown, path: string | undefined): Promise<never> {
  if (path !== undefined) {
    const report = { schemaVersion: reportVersion, xbuild: version, ...failureJson(failure) }
    await writeUserFile(resolve(path), asJson(report), '--report').catch(error => {
      process.stderr.write(`${describeFailure(error)}\n`)
    })
  }
  throw failure
}

const asJson = (value: object) => `${JSON.stringify(redactAll(value), undefined, 2)}\n`

async function withProgress<T>(mode: ProgressMode, work: (emit: Emit) => Promise<T>): Promise<T> {
  const progress = createProgress(mode)
  try {
    return await work(progress.emit)
  } finally {
    await progress.close()
  }
}

function compare(report: Report, options: Options, argv: ShowFlags): Promise<Compared> {
  const measure = argv.bench ? 'always' : options.bench.auto ? 'missing' : 'never'
  return withProgress(argv.progress, emit =>
    compareFinished(report, options, measure, { emit, signal: interruptSignal }),
  )
}

async function show(
  report: ComparedReport,
  options: Options,
  argv: ShowFlags,
  printsJson: boolean,
): Promise<void> {
  const json = `${printJson(redactAll(report))}\n`
  if (argv.progress !== 'quiet') process.stderr.write(`${summaryText(report, options, argv)}\n`)
  const isShown = printsJson || !argv.json
  if (isShown)
    process.stdout.write(argv.json ? json : report.images.map(image => `${resultLine(image)}\n`).join(''))
  if (argv.report) await writeUserFile(resolve(argv.report), json, '--report')
}

function showTimings(): void {
  process.stderr.write(`${cleanText(redact(describeTimings(timeline(), process.stderr.columns)))}\n`)
}

function summaryText(report: ComparedReport, { image, images, dir }: Options, argv: ShowFlags): string {
  const { isTTY, columns } = process.stderr
  const ports = images[report.images[0]?.name ?? '']?.ports ?? image.ports
  const text = summarize(report, {
    columns: (isTTY && columns) || 120,
    digests: argv.json === true,
    // A log has no next command.
    next: isTTY && !process.env['CI'] ? nextStep(report, { ports, dir }) : undefined,
  })
  return cleanText(redact(text))
}

/** @throws {Failure} usage, where nothing is pushed, or the file cannot be written. */
async function checkDigestFile(path: string, { push }: Options): Promise<void> {
  if (push) return checkUserFile(resolve(path), '--digest-file')
  throw new Failure({
    kind: 'usage',
    what: '--digest-file needs a push',
    why: 'it lists what is in a registry, for xbuild merge',
    fix: 'add --push-by-digest or --push',
  })
}

/** The references that `xbuild merge` and `docker buildx imagetools create` read. */
function digestLines({ images }: Report): string {
  return images
    .flatMap(({ tags, digest }) => (digest === undefined ? [] : tags.map(tag => `${tag}@${digest}\n`)))
    .join('')
}

/** `name@sha256:…`: the repository of the first tag, or the image's name where it has none. */
function resultLine({ name, tags, digest }: Report['images'][number]): string {
  const [first] = tags
  const paint = paintFor(process.stdout)
  return digest === undefined
    ? name
    : `${first ? first.replace(/:[\w.-]+$/, '') : name}@${paint('cyan', digest)}`
}
