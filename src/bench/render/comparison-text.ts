import { languages } from '../../languages/index.ts'
import { describeSeconds } from '../../util/format.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { Baseline, Comparison } from '../compare/compare.ts'
import { describeRatio } from '../measure/results.ts'

const day = 24 * 60 * 60 * 1000

/** One line for each platform: how the build compares with the emulated strategy. `now` in milliseconds since 1970. */
export function describeComparisons(comparisons: readonly Comparison[], now: number): string[] {
  return comparisons.map(comparison => `${comparison.platform}: ${describe(comparison, now)}`)
}

function describe(comparison: Comparison, now: number): string {
  const { took, native, baseline, ratio, estimate, measure } = comparison
  const cold = native ? `${describeSeconds(native.seconds)} cold` : ''
  const own = native?.from === 'this build' ? '' : `this build took ${describeSeconds(took)}`
  if (!baseline) {
    const range = estimate
      ? `about ${rangeText(estimate)} times as long under emulation, from cold (an estimate, from the published runs of ${languages[estimate.language].title} programs)`
      : 'not measured under emulation yet'
    const command = measure && `to measure it: ${measure.map(quoteWord).join(' ')}`
    return [own, cold, range, command].filter(Boolean).join('; ')
  }
  const times = ratio ? `, ${describeRatio(ratio)}` : ''
  const rest = own && `; ${own}`
  return `${cold && `${cold} against `}${emulatedText(baseline)}${times} (${originText(baseline, now)})${rest}`
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
