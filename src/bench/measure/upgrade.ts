import { benchVersion } from './measurement.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * bench.json in its present form. Version 1 called a sample's strategy `path` and its scenario `row`. Whatever else is
 * in the value stays as it is, wrong or not: the schema checks it afterwards.
 */
export function upgradeForm(value: unknown): unknown {
  if (!isObject(value) || value['schemaVersion'] !== 1) return value
  const { measurements } = value
  return {
    ...value,
    schemaVersion: benchVersion,
    ...(Array.isArray(measurements) && { measurements: measurements.map(upgradeMeasurement) }),
  }
}

/** One measurement in its present form: what `--json` prints has no version of its own. */
export function upgradeMeasurement(value: unknown): unknown {
  if (!isObject(value) || !Array.isArray(value['samples'])) return value
  return { ...value, samples: value['samples'].map(upgradeSample) }
}

function upgradeSample(value: unknown): unknown {
  if (!isObject(value) || !('path' in value) || !('row' in value)) return value
  const { platform, path, row, ...others } = value
  return { platform, strategy: path, scenario: row, ...others }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
