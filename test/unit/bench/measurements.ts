import type {
  Measurement,
  Outcome,
  Sample,
  ScenarioName,
  StrategyName,
} from '../../../src/bench/measure/measurement.ts'

/** A cold sample of linux/arm64 that took so many seconds, half a second less for the compile alone; or that ended otherwise. */
export function sample(
  strategy: StrategyName,
  outcome: number | Outcome,
  scenario: ScenarioName = 'cold',
  platform = 'linux/arm64',
): Sample {
  return {
    platform,
    strategy,
    scenario,
    at: '2026-01-02T03:04:05.000Z',
    load: 0.5,
    outcome:
      typeof outcome === 'object'
        ? outcome
        : { kind: 'measured', compile: outcome - 0.5, whole: outcome, sha256: {} },
  }
}

/** A measurement of a Go program. */
export function measurement(fields: Partial<Measurement> = {}): Measurement {
  return {
    id: 'one',
    startedAt: '2026-01-02T03:04:05.000Z',
    xbuild: '0.1.0',
    project: {
      language: 'go',
      executables: ['server'],
      toolchain: { name: 'go', version: '1.26.8' },
      settings: '{}',
    },
    source: { revision: '1234567890abcdef1234567890abcdef12345678', version: 'v1.0.0' },
    host: { os: 'linux', arch: 'x64', cpus: 2, cpu: 'Test CPU', node: '20.20.2' },
    engine: { builder: 'default', driver: 'docker', docker: '28.5.2', buildx: '0.29.1' },
    emulators: { 'linux/arm64': { kind: 'kernel', program: 'qemu-aarch64', version: '11.1.2' } },
    toolchains: {},
    remarks: [],
    samples: [],
    ...fields,
  }
}
