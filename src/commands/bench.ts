import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CommandModule } from 'yargs'
import { bench } from '../bench/bench.ts'
import { checkMeasurement } from '../bench/bounds.ts'
import type { Measurement } from '../bench/measurement.ts'
import { failedPaths } from '../bench/record.ts'
import { renderMarkdown } from '../bench/render-markdown.ts'
import { renderSvg } from '../bench/render-svg.ts'
import { renderText } from '../bench/render-text.ts'
import { type BenchFlags, type BoundFlags, benchRequest, readBounds } from '../bench/request.ts'
import { readMeasurements } from '../bench/store.ts'
import { viewOf } from '../bench/view.ts'
import { type Options, resolveOptions } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import { createProgress, type ProgressMode } from '../ui/progress.ts'
import { benchBoundFlags, buildFlags, outputFlags, toBuildFlags } from './flags.ts'

const { platform, bin, lang, builder, jobs } = buildFlags
const strings = { type: 'string', array: true, requiresArg: true } as const

/** `xbuild bench [dir]`: native compilation against a cross-compiling Dockerfile and against emulation. */
export const benchCommand: CommandModule = {
  command: 'bench [dir]',
  describe: 'Measure native compilation against Docker and against emulation',
  builder: {
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
  },
  handler: async argv => {
    const resolved = await resolveOptions(toBuildFlags(argv))
    const image = argv['image'] as string | undefined
    const options: Options =
      image === undefined ? resolved : { ...resolved, bench: { ...resolved.bench, image } }
    const request = benchRequest(argv as BenchFlags, options.bench)
    const bounds = readBounds(argv as BoundFlags)
    const earlier = await readMeasurements(options.dir)
    const progress = createProgress(argv['progress'] as ProgressMode)
    let measurement: Measurement | undefined
    const onMeasurement = (latest: Measurement) => {
      measurement = latest
    }
    try {
      await bench(options, request, { emit: progress.emit, signal: interruptSignal, onMeasurement })
    } finally {
      await progress.close()
      // An interrupt, too, leaves what was measured by then.
      if (measurement && measurement.samples.length > 0) await show(measurement, argv)
    }
    if (!measurement) return
    const failure = failedPaths(measurement)
    if (failure) throw failure
    checkMeasurement(measurement, earlier, bounds)
  },
}

async function show(measurement: Measurement, argv: Readonly<Record<string, unknown>>): Promise<void> {
  const view = viewOf(measurement)
  if (argv['svg']) await writeFile(resolve(argv['svg'] as string), renderSvg(view))
  process.stdout.write(
    argv['json']
      ? `${JSON.stringify(measurement, undefined, 2)}\n`
      : argv['markdown']
        ? renderMarkdown(view)
        : `${renderText(view)}\n`,
  )
}
