import * as v from 'valibot'
import { Failure } from '../errors.ts'
import type { Healthcheck } from '../types.ts'
import { parseDuration } from '../util/duration.ts'

/** The keys of `[image]` that say how an engine treats a running container. */
export const runtimeKeys = {
  volumes: v.optional(v.array(v.string())),
  'stop-signal': v.optional(v.string()),
  healthcheck: v.optional(
    v.union([
      v.literal(false),
      v.strictObject({
        test: v.pipe(v.array(v.string()), v.minLength(1)),
        interval: v.optional(v.string()),
        timeout: v.optional(v.string()),
        'start-period': v.optional(v.string()),
        'start-interval': v.optional(v.string()),
        retries: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      }),
    ]),
  ),
}

const runtimeTable = v.strictObject(runtimeKeys)
type RuntimeTable = v.InferOutput<typeof runtimeTable>
type HealthcheckTable = Exclude<RuntimeTable['healthcheck'], false | undefined>

/** What of an image's config says how an engine treats a running container. */
export interface RuntimeOptions {
  /** Absolute paths. */
  readonly volumes: readonly string[]
  /** A name such as SIGINT, or a number. */
  readonly stopSignal?: string
  readonly healthcheck?: Healthcheck
}

/**
 * Volumes, stop signal and health check of `[image]`.
 * @throws {Failure} usage, for a path, signal or duration that no image can have.
 */
export function runtimeOptions(table: RuntimeTable): RuntimeOptions {
  const { volumes = [], 'stop-signal': stopSignal, healthcheck } = table
  return {
    volumes: [...new Set(volumes.map(checkVolume))],
    ...(stopSignal !== undefined && { stopSignal: checkSignal(stopSignal) }),
    ...(healthcheck !== undefined && { healthcheck: healthcheckOf(healthcheck) }),
  }
}

function checkVolume(path: string, at: number): string {
  const normal = path.replace(/\/+$/, '')
  // BuildKit expands variables in VOLUME, so nothing that could be one.
  if (/^(\/[\w.@+:~-]+)+$/.test(normal) && !/\/\.\.?(\/|$)/.test(normal)) return normal
  throw notARuntimeValue('volumes', path, 'the absolute path of a folder, such as "/data"', at)
}

/** The signals of Linux that an engine knows by name (moby/sys signal_linux.go). */
const signals = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
    'TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'
  ).split(' '),
)

function checkSignal(signal: string): string {
  const name = signal.toUpperCase().replace(/^SIG/, '')
  const number = Number(signal)
  if (Number.isInteger(number) && number >= 1 && number <= 64) return signal
  if (signals.has(name) || /^RTM(IN|AX)([+-]\d{1,2})?$/.test(name)) return `SIG${name}`
  throw notARuntimeValue('stop-signal', signal, 'a signal, such as "SIGINT" or "2"')
}

function healthcheckOf(table: HealthcheckTable | false): Healthcheck {
  if (table === false) return { test: [] }
  const [first, ...rest] = table.test
  if (first === 'CMD-SHELL') {
    throw notARuntimeValue(
      'healthcheck.test',
      'CMD-SHELL',
      'the words of a command, for a distroless image has no shell: test = ["/server", "health"]',
    )
  }
  if (first === 'NONE' && rest.length === 0) return { test: [] }
  return {
    // `CMD` in front is how the image config and compose files write the same.
    test: first === 'CMD' && rest.length > 0 ? rest : table.test,
    ...optionalDuration('interval', table.interval),
    ...optionalDuration('timeout', table.timeout),
    ...optionalDuration('startPeriod', table['start-period']),
    ...optionalDuration('startInterval', table['start-interval']),
    ...(table.retries !== undefined && { retries: table.retries }),
  }
}

type DurationKey = 'interval' | 'timeout' | 'startPeriod' | 'startInterval'

function optionalDuration(key: DurationKey, text: string | undefined): Partial<Record<DurationKey, number>> {
  if (text === undefined) return {}
  const duration = parseDuration(text)
  // An engine refuses less than a millisecond.
  if (duration !== undefined && duration >= 1e6) return { [key]: duration }
  const name = key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  throw notARuntimeValue(`healthcheck.${name}`, text, 'a duration of at least 1ms, such as "30s" or "1m30s"')
}

function notARuntimeValue(key: string, value: string, expected: string, item?: number): Failure {
  return new Failure({
    kind: 'usage',
    what: `${key} cannot be ${JSON.stringify(value)}`,
    where: '[image] of xbuild.toml',
    why: `it is ${expected}`,
    fix: `write ${key} as ${expected}`,
    key: ['image', ...key.split('.'), ...(item === undefined ? [] : [item])],
  })
}
