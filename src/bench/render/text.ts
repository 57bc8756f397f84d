import { describeSeconds, formatTable } from '../../util/format.ts'
import { type Row, rowNames } from '../measure/samples.ts'
import { type BenchView, describeRatio, describeRow, type PlatformView, rowTitles } from './view.ts'

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

function platformText({ platform, rows, verdict, binaries }: PlatformView): string {
  const tables = rowNames.flatMap(name => {
    const own = rows.filter(({ row }) => row === name)
    return own.length > 0 ? [`${platform}, ${rowTitles[name]}`, indent(rowsTable(own))] : []
  })
  return [...tables, ...[verdict, binaries].filter(text => text !== undefined)].join('\n')
}

function rowsTable(rows: readonly Row[]): string {
  const longest = Math.max(...rows.map(shownSeconds))
  const several = rows.some(({ runs }) => runs > 1)
  const head = ['', 'whole', ...(several ? ['min', 'max', 'spread', 'runs'] : []), 'compile', '']
  return formatTable([
    head,
    ...rows.map(row => {
      const { whole, compile, runs, path, ratio } = row
      const range =
        whole && runs > 1
          ? [describeSeconds(whole.min), describeSeconds(whole.max), `${Math.round(whole.spread * 100)} %`]
          : ['', '', '']
      return [
        path,
        describeRow(row),
        ...(several ? [...range, `${runs}`] : []),
        compile ? describeSeconds(compile.median) : '',
        ratio ? describeRatio(ratio) : '',
        bar(shownSeconds(row), longest, !whole && row.ended?.kind === 'cut-off'),
      ]
    }),
  ])
}

/** What a bar stands for: the time, or the limit that was reached; nothing for a crash. */
export function shownSeconds({ whole, ended }: Row): number {
  return whole?.median ?? (ended?.kind === 'cut-off' ? ended.limit : 0)
}

function bar(seconds: number, longest: number, open: boolean): string {
  if (!(seconds > 0) || !(longest > 0)) return ''
  return '▇'.repeat(Math.max(1, Math.round((seconds / longest) * barWidth))) + (open ? '▷' : '')
}

const indent = (text: string) => text.replace(/^/gm, '  ')
