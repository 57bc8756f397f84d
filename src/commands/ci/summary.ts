import { Failure } from '../../errors.ts'
import { githubFlag, reportFlag } from './shared-flags.ts'
import { defineTask } from './task.ts'

/** `xbuild ci summary`: reports of builds as Markdown, for the summary of a step, a merge request or a page. */
export const summaryTask = defineTask({
  describe: 'prints reports of builds as Markdown',
  flags: {
    ...reportFlag,
    ...githubFlag,
  },
  run: async argv => {
    const { readReportFile } = await import('../../ci/report-file.ts')
    const { renderSummary } = await import('../../ci/summary.ts')
    const paths = argv.report ?? []
    if (paths.length === 0) {
      throw new Failure({
        kind: 'usage',
        what: 'There is no report to summarize',
        fix: 'xbuild build --report report.json, then xbuild ci summary --report report.json',
      })
    }
    const reports = await Promise.all(paths.map(readReportFile))
    const text = reports.map(report => renderSummary(report)).join('\n')
    if (!argv.github) return void process.stdout.write(text)
    const { writeSummary } = await import('../../ci/github/files.ts')
    await writeSummary(text)
  },
})
