import type { ComparedReport, Comparison } from '../bench/compare/compare.ts'
import { describeComparisons } from '../bench/render/comparison-text.ts'
import type { ReportedArtifact } from '../build/report.ts'
import type { ReportedImage } from '../image/make-context.ts'
import { count, describeBytes, describeSeconds } from '../util/format.ts'
import { cleanText } from '../util/printable.ts'

/** A report as --report wrote it: a failed build has an error, and what was done by then. */
export type WrittenReport = Partial<ComparedReport> & {
  readonly error?: {
    readonly what?: string
    readonly where?: string
    readonly why?: string
    readonly fix?: string
  }
}

/** What the toolchain's cache of a CI gave and took. */
export interface CacheUse {
  /** The key of the entry that was restored. */
  readonly restored?: string
  /** Bytes of its archive. */
  readonly size?: number
  readonly note?: string
}

/** A build as Markdown for the summary of a step: images, platforms, times, and how they compare with emulation. Pure. */
export function renderSummary(
  report: WrittenReport,
  { cache, now = Date.now() }: { cache?: CacheUse; now?: number } = {},
): string {
  const { error, artifacts = [], images = [], seconds, comparison = [], notes = [], compileCache } = report
  const parts = [
    `### xbuild: ${error ? 'the build failed' : titleOf(images)}`,
    ...(error ? [errorText(error)] : []),
    ...(images.length > 0 ? [imageTable(images)] : []),
    ...(artifacts.length > 0 ? [artifactTable(artifacts, comparison)] : []),
    ...(seconds && artifacts.length > 0
      ? [lines(stageText(seconds, artifacts), compileCacheText(compileCache), cacheText(cache))]
      : []),
    ...chart(comparison),
    ...describeComparisons(comparison, now).map(line => `- ${escapeText(line)}`),
    ...details(
      'Notes',
      notes.map(note => `- ${escapeText(note)}`),
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

function titleOf(images: readonly ReportedImage[]): string {
  return images.length === 0 ? 'compiled' : count(images.length, 'image')
}

function errorText({ what, where, why, fix }: NonNullable<WrittenReport['error']>): string {
  const lines = [what, where && `where  ${where}`, why && `why    ${why}`, fix && `fix    ${fix}`]
  return fence(lines.filter(Boolean).join('\n'))
}

function imageTable(images: readonly ReportedImage[]): string {
  return [
    '| image | digest | base | destinations | read back |',
    '|---|---|---|---|---|',
    ...images.map(({ name, digest, base, destinations, verified, notReadBack }) =>
      row([
        code(name),
        digest ? code(digest) : '',
        code(base.reference),
        destinations.map(code).join('<br>'),
        verified ? 'yes' : notReadBack ? escapeText(`no: ${notReadBack}`) : '',
      ]),
    ),
  ].join('\n')
}

function artifactTable(artifacts: readonly ReportedArtifact[], comparison: readonly Comparison[]): string {
  const times = new Map(comparison.map(({ platform, ratio }) => [platform, ratio]))
  return [
    '| binary | platform | size | compiled in | cache | emulated ÷ native |',
    '|---|---|--:|--:|---|--:|',
    ...artifacts.map(({ name, platform, size, seconds, cached }) => {
      const ratio = times.get(platform)
      return row([
        code(name),
        code(platform),
        describeBytes(size),
        describeSeconds(seconds),
        cached ? 'hit' : '',
        ratio ? `**${ratio.atLeast ? '> ' : ''}${ratio.times.toFixed(1)}×**` : '',
      ])
    }),
  ].join('\n')
}

function stageText(
  seconds: NonNullable<WrittenReport['seconds']>,
  artifacts: readonly ReportedArtifact[],
): string {
  const { inspect, compile, verify, image, readBack, total } = seconds
  const stages = Object.entries({ inspect, compile, verify, image, 'read back': readBack })
  const text = stages.map(([name, value]) => `${name} ${describeSeconds(value)}`).join(', ')
  const cached = artifacts.filter(artifact => artifact.cached).length
  const hits = `${cached} of ${count(artifacts.length, 'binary', 'binaries')} had nothing to compile`
  return `**${describeSeconds(total)}**: ${text}; ${hits}`
}

/** Lines of one paragraph. */
const lines = (...texts: readonly string[]) => texts.filter(Boolean).join('  \n')

function compileCacheText(use: WrittenReport['compileCache']): string {
  if (!use) return ''
  const { program, hits, misses } = use
  const share = Math.round((100 * hits) / Math.max(1, hits + misses))
  return `Compile cache: ${code(program)} had ${hits} of ${hits + misses} (${share} %)`
}

function cacheText(cache: CacheUse | undefined): string {
  if (!cache) return ''
  const { restored, size, note } = cache
  const found =
    restored && `restored ${code(restored)}${size === undefined ? '' : ` (${describeBytes(size)})`}`
  return `Toolchain cache: ${[found, note && escapeText(note)].filter(Boolean).join('; ') || 'nothing to restore'}`
}

const barWidth = 40

/** Bars of cold builds, in text: every place that shows Markdown shows it. */
function chart(comparison: readonly Comparison[]): string[] {
  const known = comparison.flatMap(({ platform, native, baseline }) =>
    native && baseline?.seconds !== undefined
      ? [{ platform, native: native.seconds, emulated: baseline.seconds }]
      : [],
  )
  if (known.length === 0) return []
  const longest = Math.max(...known.flatMap(({ native, emulated }) => [native, emulated]))
  const bar = (seconds: number) => '█'.repeat(Math.max(1, Math.round((seconds / longest) * barWidth)))
  const lines = known.flatMap(({ platform, native, emulated }) => [
    platform,
    `  xbuild    ${bar(native)} ${describeSeconds(native)}`,
    `  emulated  ${bar(emulated)} ${describeSeconds(emulated)}`,
  ])
  return [fence(['From source to binary, cold caches', ...lines].join('\n'))]
}

function details(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  return [[`<details><summary>${title}</summary>`, '', ...lines, '', '</details>'].join('\n')]
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** A fence longer than any in the text. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const ticks = '`'.repeat(longest + 1)
  return `${ticks}text\n${cleanText(text)}\n${ticks}`
}

/** Text from elsewhere as code in a cell: HTML, so that no backtick or bar ends it. */
function code(text: string): string {
  return `<code>${escapeHtml(cleanText(text).replace(/\s+/g, ' '))}</code>`
}

function escapeText(text: string): string {
  return escapeHtml(cleanText(text).replace(/\s+/g, ' '))
}

function escapeHtml(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      // Before another character of Markdown it would take that one's escape apart.
      .replaceAll('\\', '&#92;')
      .replaceAll('$', '&#36;')
      .replaceAll('~', '&#126;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('|', '&#124;')
      .replaceAll('`', '&#96;')
      .replaceAll('*', '&#42;')
      .replaceAll('_', '&#95;')
      .replaceAll('[', '&#91;')
  )
}
