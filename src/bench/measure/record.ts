import { randomUUID } from 'node:crypto'
import { describeHost } from '../../build/report.ts'
import { Failure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import { version } from '../../version.ts'
import type { Subject } from './job.ts'
import type { Measurement, Sample } from './measurement.ts'
import { projectKey } from './project-key.ts'
import { saveMeasurement } from './store.ts'

/** The measurement as it grows; each change that matters is saved at once. */
export interface BenchRecord {
  current(): Measurement
  remark(text: string): void
  emulator(platform: Platform, emulator: Measurement['emulators'][string]): void
  toolchain(key: string, name: string): void
  add(sample: Sample): Promise<void>
  save(): Promise<void>
}

/** A new record; `onMeasurement` is called with every state that was saved. */
export function createRecord(
  subject: Subject,
  onMeasurement: (measurement: Measurement) => void,
  signal?: AbortSignal,
): BenchRecord {
  const { options, source, builder } = subject
  const { revision, version: sourceVersion } = source
  let measurement: Measurement = {
    id: randomUUID(),
    startedAt: new Date().toISOString(),
    xbuild: version,
    project: projectKey(subject.project, subject.executables, options),
    source: { ...(revision && { revision }), ...(sourceVersion && { version: sourceVersion }) },
    host: describeHost(),
    ...(builder && { engine: builder.engine }),
    emulators: {},
    toolchains: {},
    remarks: [],
    samples: [],
  }
  const save = async () => {
    await saveMeasurement(options.dir, measurement, signal)
    onMeasurement(measurement)
  }
  return {
    current: () => measurement,
    remark: text => {
      measurement = { ...measurement, remarks: [...measurement.remarks, text] }
    },
    emulator: (platform, emulator) => {
      measurement = { ...measurement, emulators: { ...measurement.emulators, [platform.id]: emulator } }
    },
    toolchain: (key, name) => {
      measurement = { ...measurement, toolchains: { ...measurement.toolchains, [key]: name } }
    },
    add: async sample => {
      measurement = { ...measurement, samples: [...measurement.samples, rounded(sample)] }
      await save()
    },
    save,
  }
}

/** Milliseconds are as fine as any of this can be told. */
function rounded(sample: Sample): Sample {
  const { outcome } = sample
  if (outcome.kind !== 'measured') return sample
  const round = (seconds: number) => Math.round(seconds * 1000) / 1000
  return { ...sample, outcome: { ...outcome, compile: round(outcome.compile), whole: round(outcome.whole) } }
}

/**
 * What ended without being a time although it should have been one.
 * @returns a failure of the image backend's class; undefined when every strategy gave a time, was cut off or crashed.
 */
export function failedStrategies({ samples }: Measurement): Failure | undefined {
  const failed = samples.flatMap(({ platform, strategy, outcome }) =>
    outcome.kind === 'failed' ? [{ name: `${platform} ${strategy}`, detail: outcome.detail }] : [],
  )
  const [first] = failed
  if (!first) return undefined
  const names = [...new Set(failed.map(({ name }) => name))]
  return new Failure({
    kind: 'image',
    what: `${names.join(', ')} could not be measured`,
    why: first.detail,
    fix: 'fix that, or choose what to measure with --strategy',
  })
}
