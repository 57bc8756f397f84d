import { resolve } from 'node:path'
import { readThresholds, type ThresholdFlags } from '../bench/compare/threshold-flags.ts'
import { checkMeasurement } from '../bench/compare/thresholds.ts'
import { bench } from '../bench/measure/bench.ts'
import type { Measurement } from '../bench/measure/measurement.ts'
import { failedStrategies } from '../bench/measure/record.ts'
import { benchRequest } from '../bench/measure/request.ts'
import { readMeasurements, readRecorded } from '../bench/measure/store.ts'
import { renderSvg } from '../bench/render/chart.ts'
import { renderMarkdown } from '../bench/render/markdown.ts'
import { renderText } from '../bench/render/text.ts'
import { viewOf } from '../bench/render/view.ts'
import { benchBoundFlags, buildFlags, outputFlags } from '../config/flags.ts'
import { type Options, resolveOptions } from '../config/options.ts'
import { withReport } from '../errors.ts'
import { interruptSignal } from '../interrupt.ts'
import { createProgress } from '../ui/progress.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { checkUserFile, writeUserFile } from '../util/write-user-file.ts'
import { runBeforeSteps } from './before.ts'
import { defineCommand, dirPositional } from './command.ts'

const { platform, bin, lang, builder, jobs } = buildFlags
const strings = { type: 'string', array: true, requiresArg: true } as const

/** `xbuild bench [dir]`: native compilation against a cross-compiling Dockerfile and against emulation. */
export const benchCommand = defineCommand({
  usage: 'bench [dir]',
  describe: 'Measure native compilation against Docker and against emulation',
  examples: [['bench --platform linux/arm64', 'what emulation costs for one platform']],
  positionals: dirPositional,
  flags: {
    ...{ platform, bin, lang, builder, jobs },
    strategy: { ...strings, describe: 'What to measure: native, dockerfile-cross, emulated (all)' },
    scenario: { ...strings, describe: 'State of the caches: cold, unchanged, edited (all)' },
    runs: { type: 'number', requiresArg: true, describe: 'Runs of each strategy (3)' },
    'emulated-runs': { type: 'number', requiresArg: true, describe: 'Runs of the emulated strategy (1)' },
    timeout: {
      ...strings,
      describe: 'Seconds after which a run is cut off; STRATEGY=SECONDS for one strategy (3600)',
    },
    image: {
      type: 'string',
      requiresArg: true,
      describe: 'Image with the toolchain for the Dockerfile strategies, instead of the official one',
    },
    ...benchBoundFlags,
    progress: outputFlags.progress,
    json: { type: 'boolean', describe: 'Print the measurement as JSON' },
    markdown: { type: 'boolean', describe: 'Print the measurement as Markdown', conflicts: 'json' },
    svg: { type: 'string', requiresArg: true, describe: 'Write a chart to a file' },
    from: {
      type: 'string',
      requiresArg: true,
      describe: 'Measure nothing: show the newest measurement of a file',
    },
  },
  renamed: { path: 'strategy', row: 'scenario' },
  run: async argv => {
    if (argv.from) return showRecorded(resolve(argv.from), argv)
    const resolved = await resolveOptions(argv)
    const { image } = argv
    const options: Options =
      image === undefined ? resolved : { ...resolved, bench: { ...resolved.bench, image } }
    const request = benchRequest(argv, options.bench)
    const thresholds = readThresholds(argv, request)
    if (argv.svg) await checkUserFile(resolve(argv.svg), '--svg')
    const earlier = await readMeasurements(options.dir)
    await runBeforeSteps(options, argv.progress)
    const progress = createProgress(argv.progress)
    let measurement: Measurement | undefined
    let failure: unknown
    const onMeasurement = (latest: Measurement) => {
      measurement = latest
    }
    try {
      const whole = await bench(options, request, {
        emit: progress.emit,
        signal: interruptSignal,
        onMeasurement,
      })
      failure = failedStrategies(whole)
      if (!failure) checkMeasurement(whole, earlier, thresholds)
    } catch (error) {
      failure = error
    }
    await progress.close()
    await conclude(measurement, failure, argv)
  },
})

/** Of the flags, those that say what is shown. */
interface ShowFlags {
  readonly json?: boolean | undefined
  readonly markdown?: boolean | undefined
  readonly svg?: string | undefined
}

/** The newest measurement of a file, checked against the thresholds as when it was made. */
async function showRecorded(path: string, argv: ShowFlags & ThresholdFlags): Promise<void> {
  const thresholds = readThresholds(argv)
  const all = await readRecorded(path)
  const newest = all.at(-1) as Measurement
  let failure: unknown
  try {
    checkMeasurement(newest, all, thresholds)
  } catch (error) {
    failure = error
  }
  await conclude(newest, failure, argv)
}

/** A failure and an interrupt, too, leave what was measured by then; --json prints one value, the failure's. */
async function conclude(
  measurement: Measurement | undefined,
  failure: unknown,
  argv: ShowFlags,
): Promise<void> {
  if (measurement && argv.svg) await writeUserFile(resolve(argv.svg), renderSvg(viewOf(measurement)), '--svg')
  if (measurement && !(failure && argv.json)) show(measurement, argv)
  if (failure) throw measurement ? withReport(failure, measurement) : failure
}

function show(measurement: Measurement, argv: ShowFlags): void {
  const view = viewOf(measurement)
  process.stdout.write(
    argv.json
      ? `${printJson(measurement)}\n`
      : argv.markdown
        ? cleanText(renderMarkdown(view))
        : `${cleanText(renderText(view))}\n`,
  )
}
