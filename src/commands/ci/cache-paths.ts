import { buildFlags } from '../../config/flags.ts'
import { resolveOptions } from '../../config/options.ts'
import { Failure } from '../../errors.ts'
import { interruptSignal } from '../../interrupt.ts'
import { describeBytes } from '../../util/format.ts'
import { isCi } from '../../util/is-ci.ts'
import { reportFlag } from './shared-flags.ts'
import { defineTask } from './task.ts'

const { platform, bin, lang } = buildFlags

/** `xbuild ci cache-paths`: which folders of the toolchain to keep, and with --prune only what a build used of them. */
export const cachePathsTask = defineTask({
  describe: 'prints the folders to keep, and prunes them',
  flags: {
    platform,
    bin,
    lang,
    prune: { type: 'boolean', describe: 'In a CI: remove from them what the build of --report did not use' },
    ...reportFlag,
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  run: async argv => {
    if (argv.prune && !isCi()) throw servesOthers()
    const { toolchainCache } = await import('../../ci/cache/plan.ts')
    const { folders } = await toolchainCache(await resolveOptions(argv), interruptSignal)
    if (argv.prune) {
      const since = await startOf(argv.report ?? [])
      const { pruneFolders } = await import('../../ci/cache/used-files.ts')
      const removed = await pruneFolders(folders, since)
      process.stderr.write(`xbuild: removed ${describeBytes(removed)} that the build did not use\n`)
    }
    const list = folders.map(({ path, holds }) => ({ path, holds }))
    process.stdout.write(
      argv.json ? `${JSON.stringify(list, undefined, 2)}\n` : list.map(({ path }) => `${path}\n`).join(''),
    )
  },
})

/**
 * When the first of the builds began, in milliseconds since 1970.
 * @throws {Failure} usage
 */
async function startOf(paths: readonly string[]): Promise<number> {
  const { readReportFile } = await import('../../ci/report-file.ts')
  const reports = await Promise.all(paths.map(readReportFile))
  const starts = reports.map(({ startedAt }) => Date.parse(startedAt ?? ''))
  if (starts.length > 0 && starts.every(Number.isFinite)) return Math.min(...starts)
  throw new Failure({
    kind: 'usage',
    what:
      starts.length === 0
        ? '--prune needs the report of a build'
        : 'A report does not say when its build began',
    why: 'what was used since that build began is kept, and nothing else',
    fix: 'xbuild build --report report.json, then xbuild ci cache-paths --prune --report report.json',
  })
}

function servesOthers(): Failure {
  return new Failure({
    kind: 'usage',
    what: '--prune outside of a CI would empty the caches of other projects',
    why: 'it removes from the folders of the toolchain all that one build did not use, and CI is not set here',
    fix: 'CI=true xbuild ci cache-paths --prune --report report.json, on a machine that builds nothing else',
  })
}
