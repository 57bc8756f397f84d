import { resolve } from 'node:path'
import { checkMeasurement } from '../bench/compare/bounds.ts'
import { bench } from '../bench/measure/bench.ts'
import type { Measurement } from '../bench/measure/measurement.ts'
import { failedPaths } from '../bench/measure/record.ts'
import { type BenchFlags, type BoundFlags, benchRequest, readBounds } from '../bench/measure/request.ts'
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
import { checkUserFile, writeUserFile } from '../util/write-user-file.ts'
import { defineCommand, dirPositional } from './command.ts'

const { platform, bin, lang, builder, jobs } = buildFlags
const strings = { type: 'string', array: true, requiresArg: true } as const

/** `xbuild bench [dir]`: native compilation against a cross-compiling Dockerfile and against emulation. */
export const benchCommand = defineCommand({
  usage: 'bench [dir]',
  describe: 'Measure native compilation against Docker and against emulation',
  positionals: dirPositional,
  flags: {
    ...{ platform, bin, lang, builder, jobs },
    path: { ...strings, describe: 'What to measure: native, dockerfile-cross, emulated (all)' },
    row: { ...strings, describe: 'State of the caches: cold, unchanged, edited (all)' },
    runs: { type: 'number', requiresArg: true, describe: 'Runs of each path (3)' },
    'emulated-runs': { type: 'number', requiresArg: true, describe: 'Runs of the emulated path (1)' },
    timeout: {
      ...strings,
      describe: 'Seconds after which a run is cut off, PATH=SECONDS for one path (3600)',
    },
    image: {
      type: 'string',
      requiresArg: true,
      describe: 'Image with the toolchain for the Dockerfile paths, instead of the official one',
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
  run: async argv => {
    if (argv['from']) return showRecorded(resolve(argv['from'] as string), argv)
    const resolved = await resolveOptions(argv)
    const image = argv['image'] as string | undefined
    const options: Options =
      image === undefined ? resolved : { ...resolved, bench: { ...resolved.bench, image } }
    const request = benchRequest(argv as BenchFlags, options.bench)
    const bounds = readBounds(argv as BoundFlags, request)
    if (argv['svg']) await checkUserFile(resolve(argv['svg'] as string), '--svg')
    const earlier = await readMeasurements(options.dir)
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
      failure = failedPaths(whole)
      if (!failure) checkMeasurement(whole, earlier, bounds)
    } catch (error) {
      failure = error
    }
    await progress.close()
    await conclude(measurement, failure, argv)
  },
})

type Arguments = Readonly<Record<string, unknown>>

/** The newest measurement of a file, held against the bounds as it would have been when it was made. */
async function showRecorded(path: string, argv: Arguments): Promise<void> {
  const bounds = readBounds(argv as BoundFlags)
  const all = await readRecorded(path)
  const newest = all.at(-1) as Measurement
  let failure: unknown
  try {
    checkMeasurement(newest, all, bounds)
  } catch (error) {
    failure = error
  }
  await conclude(newest, failure, argv)
}

/** A failure and an interrupt, too, leave what was measured by then; --json prints one value, the failure's. */
async function conclude(
  measurement: Measurement | undefined,
  failure: unknown,
  argv: Arguments,
): Promise<void> {
  if (measurement && !(failure && argv['json'])) await show(measurement, argv)
  if (failure) throw measurement ? withReport(failure, measurement) : failure
}

async function show(measurement: Measurement, argv: Arguments): Promise<void> {
  const view = viewOf(measurement)
  if (argv['svg']) await writeUserFile(resolve(argv['svg'] as string), renderSvg(view), '--svg')
  process.stdout.write(
    argv['json']
      ? `${JSON.stringify(measurement, undefined, 2)}\n`
      : argv['markdown']
        ? renderMarkdown(view)
        : `${renderText(view)}\n`,
  )
}
