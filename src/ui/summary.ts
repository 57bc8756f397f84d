import type { ComparedReport } from '../bench/compare/compare.ts'
import { describeComparisons } from '../bench/render/comparison-text.ts'
import type { ReportedImage, ReportedPlatform } from '../image/make-context.ts'
import { describeBytes, describeSeconds, formatTable } from '../util/format.ts'
import { shortPath } from '../util/paths.ts'

/** How a summary is laid out. */
export interface SummaryLayout {
  /** Characters of a line. */
  readonly columns: number
  /** Whether the digests are part of it; without, the result on stdout has them. */
  readonly digests: boolean
  /** The command that is likely to come next. */
  readonly next?: string | undefined
}

/**
 * What a finished build made, for people: sizes by platform, where images and binaries are, how long it took, and how that
 * compares with emulation. What the list of tasks has said (times of each step, base, linkage) is not said again.
 */
export function summarize(report: ComparedReport, { columns, digests, next }: SummaryLayout): string {
  const { images, seconds, comparison = [] } = report
  const facts = [
    ...images.map(image => ['image', describeImage(image, digests)]),
    ['binaries', describePlace(report.artifacts.map(({ path }) => shortPath(path)))],
    [
      'time',
      `${describeSeconds(seconds.total)}: compile ${describeSeconds(seconds.compile)}, image ${describeSeconds(seconds.image + seconds.readBack)}`,
    ],
    ...describeComparisons(comparison, Date.now()).map(text => ['emulated', text]),
    ...(next === undefined ? [] : [['next', next]]),
  ]
  return ['', sizeTable(report, columns), '', formatTable(facts)].join('\n')
}

function describeImage({ name, destinations, digest }: ReportedImage, digests: boolean): string {
  return `${name}${digests && digest ? ` ${digest}` : ''} → ${destinations.map(shortPath).join(', ')}`
}

/** The shortest name that a name in the table is cut to. */
const shortestName = 8

/** A row for each platform of each image, no wider than `columns` as far as names can be cut. */
function sizeTable(report: ComparedReport, columns: number): string {
  const head = ['platform', 'image', 'binary', 'compressed', 'change']
  const rows = report.images.flatMap(image =>
    report.platforms.map(platform => sizeRow(report, image, platform)),
  )
  const isUsed = head.map((_, index) => index !== 1 && rows.some(row => row[index] !== ''))
  isUsed[1] = report.images.length > 1
  const select = (row: readonly string[]) => row.filter((_, index) => isUsed[index])
  const whole = formatTable([head, ...rows].map(select))
  const excess = widthOf(whole) - columns
  if (excess <= 0 || !isUsed[1]) return whole
  const longest = Math.max(...rows.map(([, name = '']) => name.length))
  const length = Math.max(shortestName, longest - excess)
  return formatTable([head, ...rows.map(row => row.with(1, cut(row[1] ?? '', length)))].map(select))
}

function sizeRow({ artifacts }: ComparedReport, image: ReportedImage, platform: string): string[] {
  const binaries = artifacts.filter(item => item.platform === platform && image.binaries.includes(item.name))
  const made = image.platforms.find(item => item.platform === platform)
  return [
    platform,
    image.name,
    describeBytes(binaries.reduce((total, { size }) => total + size, 0)),
    made?.size === undefined ? '' : describeBytes(made.size),
    describeChange(made),
  ]
}

/** Compared with the last time that the image went to the same place. */
function describeChange({ size, previousSize }: Partial<ReportedPlatform> = {}): string {
  if (size === undefined || previousSize === undefined) return ''
  if (size === previousSize) return 'none'
  return `${size > previousSize ? '+' : '−'}${describeBytes(Math.abs(size - previousSize))}`
}

/** One path, or the pattern that a shell makes the paths of. */
function describePlace(paths: readonly string[]): string {
  const [first = ''] = paths
  if (paths.length < 2) return first
  const parts = paths.map(path => path.split('/'))
  const pattern = first.split('/').map((part, index) => {
    const all = parts.map(path => path[index] ?? '')
    if (all.every(each => each === part)) return part
    return all.every(each => each.startsWith('linux_')) ? 'linux_*' : '*'
  })
  return pattern.join('/')
}

const widthOf = (text: string) => Math.max(...text.split('\n').map(line => line.length))
const cut = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text)
