import { describeSeconds } from '../../util/format.ts'
import { type Row, rowNames } from '../measure/samples.ts'
import { type BenchView, describeRatio, describeRow, type PlatformView, rowTitles } from './view.ts'

/** A measurement for a pull request or a step summary. */
export function renderMarkdown(view: BenchView): string {
  const { title, platforms, remarks, facts, startedAt } = view
  const conditions = [`measured ${startedAt.slice(0, 10)}`, ...facts].map(text => `- ${escapeMarkdown(text)}`)
  return `${[
    `### ${escapeMarkdown(title)}: from source to binary`,
    ...platforms.flatMap(platformLines),
    ...remarks.map(escapeMarkdown),
    ['<details><summary>Conditions</summary>', '', ...conditions, '', '</details>'].join('\n'),
  ].join('\n\n')}\n`
}

function platformLines({ platform, rows, verdict, binaries }: PlatformView): string[] {
  const table = [
    `| ${platform} | path | median | min – max | compile | against native |`,
    '|---|---|--:|--:|--:|--:|',
    ...rowNames.flatMap(name =>
      rows.filter(({ row }) => row === name).map((row, index) => tableRow(row, index === 0)),
    ),
  ]
  return [table.join('\n'), ...[verdict, binaries].filter(text => text !== undefined).map(escapeMarkdown)]
}

function tableRow(row: Row, first: boolean): string {
  const { whole, compile, runs, ratio, path, ended } = row
  const range = whole && runs > 1 ? `${describeSeconds(whole.min)} – ${describeSeconds(whole.max)}` : ''
  const why = ended?.kind === 'crashed' && !whole ? `crashed: ${firstLine(ended.detail)}` : describeRow(row)
  const times = ratio ? `**${describeRatio(ratio)}**` : ''
  const cells = [
    first ? rowTitles[row.row] : '',
    path,
    escapeMarkdown(why),
    range,
    compile ? describeSeconds(compile.median) : '',
    times,
  ]
  return `| ${cells.join(' | ')} |`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** Keeps the text of tools and names from being read as Markdown or HTML. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_|<>[\]]/g, character => (character === '<' ? '&lt;' : `\\${character}`))
    .replace(/\s*\n\s*/g, ' ')
}
