import { describeSeconds } from '../../util/format.ts'
import { scenarioNames } from '../measure/measurement.ts'
import type { Result } from '../measure/results.ts'
import { describeRatio, describeResult } from '../measure/results.ts'
import { type BenchView, type PlatformView, scenarioTitles } from './view.ts'

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

function platformLines({ platform, results, verdict, binaries }: PlatformView): string[] {
  const table = [
    `| ${platform} | strategy | median | min – max | compile | against native |`,
    '|---|---|--:|--:|--:|--:|',
    ...scenarioNames.flatMap(name =>
      results
        .filter(({ scenario }) => scenario === name)
        .map((result, index) => tableRow(result, index === 0)),
    ),
  ]
  return [table.join('\n'), ...[verdict, binaries].filter(text => text !== undefined).map(escapeMarkdown)]
}

function tableRow(result: Result, first: boolean): string {
  const { whole, compile, runs, ratio, strategy, ended } = result
  const range = whole && runs > 1 ? `${describeSeconds(whole.min)} – ${describeSeconds(whole.max)}` : ''
  const why =
    ended?.kind === 'crashed' && !whole ? `crashed: ${firstLine(ended.detail)}` : describeResult(result)
  const times = ratio ? `**${describeRatio(ratio)}**` : ''
  const cells = [
    first ? scenarioTitles[result.scenario] : '',
    strategy,
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
