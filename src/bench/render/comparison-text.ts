import { languages } from '../../languages/index.ts'
import { describeSeconds } from '../../util/format.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { Baseline, Comparison } from '../compare/compare.ts'
import { describeRatio } from '../measure/results.ts'

const day = 24 * 60 * 60 * 1000

/**
 * How a build compares with the emulated strategy, one line for all platforms: what was recorded, else the estimate
 * where there is one, else nothing. `now` in milliseconds since 1970.
 */
export function describeComparisons(comparisons: readonly Comparison[], now: number): string[] {
  const measured = comparisons.flatMap(item => (item.baseline ? [{ ...item, baseline: item.baseline }] : []))
  if (measured.length > 0) return [describeMeasured(measured, now)]
  return comparisons.flatMap(describeEstimate).slice(0, 1)
}

type Measured = Comparison & { readonly baseline: Baseline }

/** An origin that is the same for all is said once. */
function describeMeasured(items: readonly Measured[], now: number): string {
  const origins = items.map(({ baseline }) => ` (${originText(baseline, now)})`)
  const isShared = new Set(origins).size === 1
  const texts = items.map((item, index) => `${measuredText(item)}${isShared ? '' : origins[index]}`)
  return `${texts.join('; ')}${isShared ? origins[0] : ''}`
}

function measuredText({ platform, native, baseline, ratio }: Measured): string {
  const cold = native ? `${describeSeconds(native.seconds)} cold against ` : ''
  return `${platform}: ${cold}${emulatedText(baseline)}${ratio ? `, ${describeRatio(ratio)}` : ''}`
}

function describeEstimate({ platform, estimate, measure }: Comparison): string[] {
  if (!estimate) return []
  const basis = `an estimate, from published cold builds of small ${languages[estimate.language].title} programs`
  const command = measure ? `; to measure it: ${measure.map(quoteWord).join(' ')}` : ''
  return [`${platform}: about ${rangeText(estimate)} times as long under emulation (${basis})${command}`]
}

function rangeText({ low, high }: NonNullable<Comparison['estimate']>): string {
  const [from, to] = [Math.round(low), Math.round(high)]
  return from === to ? `${from}` : `${from} to ${to}`
}

function emulatedText({ seconds, ended }: Baseline): string {
  if (seconds !== undefined) return `${describeSeconds(seconds)} emulated`
  if (ended?.kind === 'cut-off') return `more than ${describeSeconds(ended.limit)} emulated`
  return 'an emulated build that crashed'
}

function originText({ at, revision, emulator, sameMachine }: Baseline, now: number): string {
  const days = Math.floor((now - Date.parse(at)) / day)
  const age = days < 1 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`
  return [
    `measured ${age}`,
    revision && `at ${revision.slice(0, 12)}`,
    emulator?.version && `with qemu ${emulator.version}`,
    !sameMachine && 'both on another machine',
  ]
    .filter(Boolean)
    .join(' ')
}
