import { describeSeconds, formatTable } from '../../util/format.ts'
import { scenarioNames } from '../measure/measurement.ts'
import type { Result } from '../measure/results.ts'
import { describeRatio, describeResult } from '../measure/results.ts'
import { type BenchView, type PlatformView, scenarioTitles } from './view.ts'

/** Characters of the longest bar. */
const barWidth = 32

/** A measurement on a terminal: a table with bars for each platform, then what it amounts to. */
export function renderText(view: BenchView): string {
  return [
    `${view.title}: from source to binary`,
    ...view.platforms.map(platformText),
    [...view.remarks, ...view.facts].join('\n'),
  ].join('\n\n')
}

function platformText({ platform, results, verdict, binaries }: PlatformView): string {
  const tables = scenarioNames.flatMap(name => {
    const own = results.filter(({ scenario }) => scenario === name)
    return own.length > 0 ? [`${platform}, ${scenarioTitles[name]}`, indent(rowsTable(own))] : []
  })
  return [...tables, ...[verdict, binaries].filter(text => text !== undefined)].join('\n')
}

function rowsTable(results: readonly Result[]): string {
  const longest = Math.max(...results.map(shownSeconds))
  const several = results.some(({ runs }) => runs > 1)
  const head = ['', 'whole', ...(several ? ['min', 'max', 'spread', 'runs'] : []), 'compile', '']
  return formatTable([
    head,
    ...results.map(result => {
      const { whole, compile, runs, strategy, ratio } = result
      const range =
        whole && runs > 1
          ? [describeSeconds(whole.min), describeSeconds(whole.max), `${Math.round(whole.spread * 100)} %`]
          : ['', '', '']
      return [
        strategy,
        describeResult(result),
        ...(several ? [...range, `${runs}`] : []),
        compile ? describeSeconds(compile.median) : '',
        ratio ? describeRatio(ratio) : '',
        bar(shownSeconds(result), longest, !whole && result.ended?.kind === 'cut-off'),
      ]
    }),
  ])
}

/** What a bar stands for: the time, or the limit that was reached; nothing for a crash. */
export function shownSeconds({ whole, ended }: Result): number {
  return whole?.median ?? (ended?.kind === 'cut-off' ? ended.limit : 0)
}

function bar(seconds: number, longest: number, open: boolean): string {
  if (!(seconds > 0) || !(longest > 0)) return ''
  return '▇'.repeat(Math.max(1, Math.round((seconds / longest) * barWidth))) + (open ? '▷' : '')
}

const indent = (text: string) => text.replace(/^/gm, '  ')
