import { shownSeconds } from './render-text.ts'
import type { PathName, Row } from './samples.ts'
import { type BenchView, describeRatio, describeRow } from './view.ts'

const width = 760
const labelWidth = 150
/** Room beside the longest bar for its figures. */
const valueWidth = 195
const barHeight = 22
const lineHeight = 30

/** Colours that keep their contrast (WCAG AA for text) on white and on the dark grounds of code hosts. */
const colours: Readonly<
  Record<'light' | 'dark', Readonly<Record<PathName | 'text' | 'faint' | 'line', string>>>
> = {
  light: {
    text: '#1f2328',
    faint: '#59636e',
    line: '#d1d9e0',
    native: '#1a7f37',
    'dockerfile-cross': '#0969da',
    emulated: '#bc4c00',
  },
  dark: {
    text: '#f0f6fc',
    faint: '#9198a1',
    line: '#3d444d',
    native: '#3fb950',
    'dockerfile-cross': '#4493f8',
    emulated: '#f0883e',
  },
}

/**
 * A chart of the cold builds for a README: bars per platform, readable on light and dark grounds, with no font or
 * script from elsewhere.
 */
export function renderSvg({ title, platforms, facts, startedAt }: BenchView): string {
  const groups = platforms
    .map(({ platform, rows }) => ({ platform, rows: rows.filter(({ row }) => row === 'cold') }))
    .filter(({ rows }) => rows.length > 0)
  const longest = Math.max(...groups.flatMap(({ rows }) => rows.map(shownSeconds)), 0)
  const parts: string[] = []
  let y = 30
  const text = (x: number, kind: string, value: string, attributes = '') =>
    parts.push(`<text x="${x}" y="${y}" class="${kind}"${attributes}>${escapeXml(value)}</text>`)
  text(16, 'title', `${title}: from source to binary, cold caches`)
  for (const { platform, rows } of groups) {
    y += 36
    text(16, 'platform', platform)
    y += 10
    for (const row of rows) {
      parts.push(barOf(row, y, longest))
      y += lineHeight
    }
  }
  y += 24
  parts.push(`<line x1="16" x2="${width - 16}" y1="${y - 14}" y2="${y - 14}" class="rule"/>`)
  for (const line of [`measured ${startedAt.slice(0, 10)} with xbuild bench`, ...facts.slice(0, 3)]) {
    y += 6
    text(16, 'note', shorten(line))
    y += 12
  }
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 4}" width="${width}" height="${y + 4}" role="img" aria-label="${escapeXml(describe(groups))}">`,
    `<style>${style()}</style>`,
    ...parts,
    '</svg>',
  ].join('\n')}\n`
}

function barOf(row: Row, y: number, longest: number): string {
  const seconds = shownSeconds(row)
  const room = width - labelWidth - valueWidth
  const length = longest > 0 ? Math.max(seconds > 0 ? 3 : 0, (seconds / longest) * room) : 0
  const x = labelWidth + length
  const open = row.ended?.kind === 'cut-off' && !row.whole
  const middle = y + barHeight / 2
  const tip = open
    ? `<path d="M${n(x)} ${y}l10 ${barHeight / 2}l-10 ${barHeight / 2}z" class="${row.path}"/>`
    : ''
  const value = [describeRow(row), row.ratio ? describeRatio(row.ratio) : undefined].filter(Boolean)
  const [time = '', ratio] = value
  return [
    `<text x="${labelWidth - 12}" y="${middle + 4.5}" class="label">${row.path}</text>`,
    `<rect x="${labelWidth}" y="${y}" width="${n(length)}" height="${barHeight}" rx="3" class="${row.path}"/>${tip}`,
    `<text x="${n(x + (open ? 18 : 8))}" y="${middle + 4.5}" class="value">${escapeXml(time)}${ratio ? ` <tspan class="ratio">${escapeXml(ratio)}</tspan>` : ''}</text>`,
  ].join('\n')
}

function style(): string {
  const scheme = (name: keyof typeof colours) =>
    Object.entries(colours[name])
      .map(([part, colour]) =>
        part === 'text'
          ? `.title,.platform,.value{fill:${colour}}`
          : part === 'faint'
            ? `.label,.note,.ratio{fill:${colour}}`
            : part === 'line'
              ? `.rule{stroke:${colour}}`
              : `.${part}{fill:${colour}}`,
      )
      .join('')
  return [
    'text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-size:13px}',
    '.title{font-size:16px;font-weight:600}.platform{font-weight:600}',
    '.label{text-anchor:end}.note{font-size:11px}.ratio{font-weight:600}',
    scheme('light'),
    `@media (prefers-color-scheme:dark){${scheme('dark')}}`,
  ].join('')
}

/** What a screen reader says. */
function describe(groups: readonly { readonly platform: string; readonly rows: readonly Row[] }[]): string {
  return groups
    .map(
      ({ platform, rows }) =>
        `${platform}: ${rows.map(row => `${row.path} ${describeRow(row)}${row.ratio ? ` (${describeRatio(row.ratio)})` : ''}`).join(', ')}`,
    )
    .join('; ')
}

const n = (value: number) => Number(value.toFixed(1))

/** A note that would run over the edge. */
function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
