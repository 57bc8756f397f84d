import type { ComparedReport } from '../bench/compare/compare.ts'
import { describeComparisons } from '../bench/render/comparison-text.ts'
import { describeBytes, describeSeconds, formatTable } from '../util/format.ts'
import { shortPath } from '../util/paths.ts'

/** What a finished build did, for people: a row per binary, a line per image, and how it compares with emulation. */
export function summarize({ artifacts, images, seconds, comparison = [] }: ComparedReport): string {
  const rows = artifacts.map(artifact => [
    artifact.platform,
    artifact.name,
    describeBytes(artifact.size),
    artifact.elf.linkage,
    `${describeSeconds(artifact.seconds)}${artifact.cached ? ', cached' : ''}`,
    shortPath(artifact.path),
  ])
  const table = formatTable([['platform', 'binary', 'size', 'linkage', 'compile', 'kept at'], ...rows])
  const made = images.map(
    ({ name, base, destinations, digest, verified, notReadBack }) =>
      `${name} on ${base.reference}\n  ${digest ?? 'no image'} → ${destinations.map(shortPath).join(', ')}${verified ? `\n  read back: ${verified}` : ''}${notReadBack ? `\n  pushed, not read back: ${notReadBack}` : ''}`,
  )
  const times = `compile ${describeSeconds(seconds.compile)}, image ${describeSeconds(seconds.image + seconds.readBack)}, total ${describeSeconds(seconds.total)}`
  return ['', table, '', ...made, times, ...describeComparisons(comparison, Date.now())].join('\n')
}
