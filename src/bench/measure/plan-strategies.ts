import { Failure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import type { Subject } from './job.ts'
import { type StrategyName, strategyNames } from './measurement.ts'
import type { BenchRecord } from './record.ts'
import type { BenchRequest } from './request.ts'
import { strategies } from './strategies.ts'

/** One strategy that will be measured for one platform. */
export interface PlannedStrategy {
  readonly id: string
  readonly title: string
  readonly strategy: StrategyName
  readonly platform: Platform
}

/**
 * What will be measured, platform by platform, the quick strategies first: an interrupt then costs least. A strategy that
 * cannot be measured for a platform is a remark.
 * @throws {Failure} usage, when nothing is left to measure, or nothing of a strategy that was named.
 */
export function planStrategies(
  subject: Subject,
  request: BenchRequest,
  record: BenchRecord,
): PlannedStrategy[] {
  const wanted = strategyNames.filter(strategy => request.strategies.includes(strategy))
  const planned: PlannedStrategy[] = []
  const refusals: { readonly strategy: StrategyName; readonly text: string }[] = []
  for (const platform of subject.options.platforms) {
    for (const strategy of wanted) {
      const title = `${platform.id} ${strategy}`
      const refusal = strategies[strategy].refuses(subject, platform)
      if (refusal === undefined)
        planned.push({ id: `bench:${platform.id}:${strategy}`, title, strategy, platform })
      else refusals.push({ strategy, text: `${title} is skipped: ${refusal}` })
    }
  }
  for (const { text } of refusals) record.remark(text)
  const missing = wanted.filter(name => !planned.some(({ strategy }) => strategy === name))
  if (planned.length > 0 && !(request.named && missing.length > 0)) return planned
  throw new Failure({
    kind: 'usage',
    what: planned.length > 0 ? `${missing.join(' and ')} cannot be measured` : 'Nothing is left to measure',
    why: refusals.flatMap(({ strategy, text }) => (missing.includes(strategy) ? [text] : [])).join('\n'),
    fix: 'choose other strategies or platforms: --strategy, --platform',
  })
}
