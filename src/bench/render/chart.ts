import { type StrategyName, scenarioNames } from '../measure/measurement.ts'
import type { Result } from '../measure/results.ts'
import { describeRatio, describeResult } from '../measure/results.ts'
import { axisOf, cut, escapeXml, openSheet, type Sheet, wrap } from './svg.ts'
import { shownSeconds } from './text.ts'
import { type BenchView, scenarioTitles } from './view.ts'

const width = 800
const margin = 24
const right = width - margin
/** Where bars begin, and how long the longest is: next to it there is room for its figures. */
const barLeft = 212
const barRoom = 360
const barHeight = 24
const rowHeight = 36

/** How far apart the figures of warm builds are. */
const column = 186

const strategyTitles: Readonly<Record<StrategyName, readonly [long: string, short: string]>> = {
  native: ['native, with xbuild', 'native'],
  'dockerfile-cross': ['Dockerfile, cross', 'cross'],
  emulated: ['Dockerfile, emulated', 'emulated'],
}

/** Colours that keep their contrast (WCAG AA for text) on their own ground, which the chart brings along: a page's is not known. */
const colours = {
  light: {
    ground: '#ffffff',
    text: '#1f2328',
    faint: '#59636e',
    line: '#d1d9e0',
    native: '#1a7f37',
    'dockerfile-cross': '#0969da',
    emulated: '#bc4c00',
  },
  dark: {
    ground: '#0d1117',
    text: '#f0f6fc',
    faint: '#9198a1',
    line: '#3d444d',
    native: '#3fb950',
    'dockerfile-cross': '#4493f8',
    emulated: '#f0883e',
  },
} as const

/**
 * A chart for a README: a bar for each cold build, the warm ones in words below; readable at the width of a README, on
 * light and dark pages, with no font or script from elsewhere.
 */
export function renderSvg(view: BenchView): string {
  const { name, toolchain, platforms, facts, startedAt } = view
  const sheet = openSheet()
  sheet.text(margin, 42, 'title', `${cut(name, 42)}: from source to binary`)
  const cold = platforms.some(({ results }) => coldOf(results).length > 0)
  const bars = cold ? ', cold caches, median of the runs; shorter is better' : ''
  sheet.text(margin, 64, 'faint', `${toolchain}${bars}`)
  const longest = Math.max(
    0,
    ...platforms.flatMap(({ results }) =>
      coldOf(results).map(result => result.whole?.max ?? shownSeconds(result)),
    ),
  )
  let y = 76
  for (const { platform, results } of platforms) y = drawPlatform(sheet, y, platform, results, longest)
  y += 8
  sheet.line(margin, y, right, y, 'rule')
  y += 6
  const notes = [`measured ${startedAt.slice(0, 10)} with xbuild bench`, ...facts.slice(0, 3)]
  for (const line of notes.flatMap(note => wrap(note, 112))) {
    y += 16
    sheet.text(margin, y, 'note', line)
  }
  const height = y + 20
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(describe(view))}">`,
    `<style>${style()}</style>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" class="ground"/>`,
    ...sheet.parts,
    '</svg>',
  ].join('\n')}\n`
}

/** @returns where the next thing may begin. */
function drawPlatform(
  sheet: Sheet,
  top: number,
  platform: string,
  results: readonly Result[],
  longest: number,
): number {
  const cold = coldOf(results)
  sheet.text(margin, top + 28, 'platform', platform)
  let y = top + 42
  if (cold.length > 0) {
    const bottom = y + cold.length * rowHeight
    drawAxis(sheet, y, bottom, longest)
    for (const result of cold) {
      drawBar(sheet, y + (rowHeight - barHeight) / 2, result, longest)
      y += rowHeight
    }
    y = bottom + (longest > 0 ? 26 : 8)
  }
  for (const name of scenarioNames.filter(item => item !== 'cold')) {
    const warm = results.filter(({ scenario }) => scenario === name)
    if (warm.length === 0) continue
    y += 18
    sheet.text(margin, y, 'label', scenarioTitles[name])
    for (const [index, result] of warm.entries()) {
      sheet.text(
        barLeft + index * column,
        y,
        'label',
        `${strategyTitles[result.strategy][1]} ${figures(result)}`,
      )
    }
  }
  return y + 8
}

function drawAxis(sheet: Sheet, top: number, bottom: number, longest: number): void {
  if (!(longest > 0)) return
  for (const seconds of axisOf(longest)) {
    const x = barLeft + (seconds / longest) * barRoom
    sheet.line(x, top, x, bottom, 'grid')
    sheet.text(x, bottom + 16, 'tick', describeTick(seconds))
  }
}

/** Ticks are whole minutes, or few seconds. */
function describeTick(seconds: number): string {
  return seconds >= 60 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}

function drawBar(sheet: Sheet, y: number, result: Result, longest: number): void {
  const { strategy, whole, ended, runs } = result
  const at = (seconds: number) => barLeft + (longest > 0 ? (seconds / longest) * barRoom : 0)
  const seconds = shownSeconds(result)
  const end = seconds > 0 ? Math.max(barLeft + 3, at(seconds)) : barLeft
  const open = ended?.kind === 'cut-off' && !whole
  const middle = y + barHeight / 2
  sheet.text(margin, middle + 4.5, 'label', strategyTitles[strategy][0])
  if (end > barLeft) sheet.rect(barLeft, y, end - barLeft, barHeight, strategy)
  if (open) sheet.tip(end, y, barHeight, strategy)
  let reach = open ? end + 12 : end
  if (whole && runs > 1 && at(whole.max) - at(whole.min) >= 3) {
    sheet.range(at(whole.min), at(whole.max), middle)
    reach = Math.max(reach, at(whole.max))
  }
  const why = ended?.kind === 'crashed' && !whole ? `crashed: ${ended.detail}` : describeResult(result)
  const ratio = result.ratio ? describeRatio(result.ratio) : ''
  sheet.value(reach + 9, middle + 4.5, cut(why, 68), ratio, strategy)
}

function coldOf(results: readonly Result[]): readonly Result[] {
  return results.filter(({ scenario }) => scenario === 'cold')
}

function figures(result: Result): string {
  return [describeResult(result), result.ratio && `(${describeRatio(result.ratio)})`]
    .filter(Boolean)
    .join(' ')
}

function style(): string {
  const scheme = (name: keyof typeof colours) => {
    const { ground, text, faint, line, ...strategies } = colours[name]
    return [
      `.ground{fill:${ground};stroke:${line}}.title,.platform,.value{fill:${text}}.value{stroke:${ground}}`,
      `.faint,.label,.note,.tick{fill:${faint}}.rule,.grid{stroke:${line}}`,
      `.range{stroke:${text}}`,
      ...Object.entries(strategies).map(([strategy, colour]) => `.${strategy}{fill:${colour}}`),
    ].join('')
  }
  return [
    'text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}',
    '.title{font-size:18px;font-weight:600}.platform,.value{font-weight:600}',
    '.note,.tick{font-size:11px}.tick{text-anchor:middle}.grid{stroke-opacity:.6}',
    // Figures are not struck through by the lines behind them.
    '.value{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}.range{stroke-width:1.5;stroke-opacity:.75}',
    scheme('light'),
    `@media (prefers-color-scheme:dark){${scheme('dark')}}`,
  ].join('')
}

/** What a screen reader says. */
function describe({ name, platforms }: BenchView): string {
  const said = platforms.map(
    ({ platform, results }) =>
      `${platform}: ${coldOf(results)
        .map(result => `${result.strategy} ${figures(result)}`)
        .join(', ')}`,
  )
  return [`${name} from source to binary, cold caches`, ...said].join('; ')
}
