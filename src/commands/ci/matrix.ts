import { buildFlags } from '../../config/flags.ts'
import { resolveOptions } from '../../config/options.ts'
import { Failure } from '../../errors.ts'
import { interruptSignal } from '../../interrupt.ts'
import { cleanText } from '../../util/printable.ts'
import { reportFlag } from './shared-flags.ts'
import { defineTask } from './task.ts'

const { platform, bin, lang } = buildFlags

/** `xbuild ci matrix`: a big build as the jobs of a matrix, to be joined by `xbuild merge`. */
export const matrixTask = defineTask({
  describe: 'spreads programs and platforms over the jobs of a matrix',
  flags: {
    platform,
    bin,
    lang,
    jobs: { alias: 'j', type: 'string', requiresArg: true, describe: 'Most jobs (one for each platform)' },
    ...reportFlag,
    format: {
      choices: ['text', 'github', 'gitlab'] as const,
      describe: 'text, strategy.matrix of GitHub, or a job of GitLab to extend (text)',
    },
    json: { type: 'boolean', describe: 'The same as --format github' },
  },
  run: async argv => {
    const { jobs: _, ...flags } = argv
    const options = await resolveOptions(flags)
    const { makeMatrix } = await import('../../ci/matrix.ts')
    const { matrixFormats, maximumJobs } = await import('../../ci/matrix-format.ts')
    const format = argv.format ?? (argv.json ? 'github' : 'text')
    const { jobs, missing } = await makeMatrix(options, {
      jobs: argv.jobs === undefined ? undefined : jobsOf(argv.jobs),
      most: format === 'text' ? Number.POSITIVE_INFINITY : maximumJobs[format],
      reports: argv.report ?? [],
      signal: interruptSignal,
    })
    for (const path of missing)
      process.stderr.write(`xbuild: ${cleanText(path)} is not there: its seconds do not count\n`)
    process.stdout.write(`${matrixFormats[format](jobs)}\n`)
  },
})

function jobsOf(text: string): number {
  const jobs = Number(text)
  if (Number.isInteger(jobs) && jobs >= 1) return jobs
  throw new Failure({
    kind: 'usage',
    what: `--jobs ${text} is not a number of jobs`,
    why: 'it is a whole number, 1 or more',
    fix: '--jobs 5',
  })
}
