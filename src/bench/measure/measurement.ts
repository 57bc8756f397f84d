import * as v from 'valibot'
import { languageNames } from '../../languages/options.ts'

/** The three ways from source to binary that are compared, in the order in which they are measured and shown. */
export const strategyNames = ['native', 'dockerfile-cross', 'emulated'] as const
export type StrategyName = (typeof strategyNames)[number]

/**
 * What the caches held: nothing; the same source, compiled just before; that source but for one changed line. Cold and
 * warm are never compared with each other.
 */
export const scenarioNames = ['cold', 'unchanged', 'edited'] as const
export type ScenarioName = (typeof scenarioNames)[number]

/** The version of bench.json's form. Fields are added without raising it; a changed or removed one raises it. */
export const benchVersion = 2

const text = v.string()
const maybe = v.exactOptional(text)
const seconds = v.pipe(v.number(), v.finite(), v.minValue(0))
const object = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(v.object(entries), v.readonly())
const list = <const Item extends v.GenericSchema>(item: Item) => v.pipe(v.array(item), v.readonly())
const map = <const Value extends v.GenericSchema>(value: Value) =>
  v.pipe(v.record(v.string(), value), v.readonly())

const outcome = v.variant('kind', [
  object({
    kind: v.literal('measured'),
    /** Seconds of the compile step alone: the toolchain's process, or BuildKit's own time for the RUN. */
    compile: seconds,
    /** Seconds from the command's start to the binary on this machine's disk. */
    whole: seconds,
    /** SHA-256 of each binary, by name. */
    sha256: map(text),
  }),
  object({
    kind: v.literal('cut-off'),
    /** The time limit that ended it, in seconds from the command's start. */
    limit: seconds,
  }),
  object({ kind: v.literal('crashed'), detail: text }),
  object({ kind: v.literal('failed'), detail: text }),
])

const sample = object({
  platform: text,
  strategy: v.picklist(strategyNames),
  scenario: v.picklist(scenarioNames),
  /** RFC 3339, when it began. */
  at: text,
  /** The machine's one-minute load average when it began: what else was going on. */
  load: v.number(),
  outcome,
})

const emulator = object({
  /** An entry of the kernel's binfmt_misc, or the one that BuildKit brings along; unknown where the builder is elsewhere. */
  kind: v.picklist(['kernel', 'buildkit', 'unknown']),
  /** The file name of the binfmt_misc entry's interpreter, or of BuildKit's program. */
  program: maybe,
  version: maybe,
})

const engine = object({ builder: text, driver: text, docker: maybe, buildx: maybe, buildkit: maybe })

const project = object({
  language: v.picklist(languageNames),
  /** Names, sorted. */
  executables: list(text),
  toolchain: object({ name: text, version: text }),
  /** The flags and options that change what is compiled, as JSON. */
  settings: text,
})

const measurement = object({
  id: text,
  /** RFC 3339. */
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  xbuild: text,
  project,
  source: object({ revision: maybe, version: maybe }),
  host: object({ os: text, arch: text, cpus: v.number(), cpu: text, node: text }),
  engine: v.exactOptional(engine),
  /** By platform. */
  emulators: map(emulator),
  /** Where the toolchain of each Dockerfile strategy came from, by platform and strategy: an image or a package. */
  toolchains: map(text),
  remarks: list(text),
  samples: list(sample),
})

/** bench.json. */
export const benchSchema = object({ schemaVersion: v.literal(benchVersion), measurements: list(measurement) })

/** How one run ended. Only `measured` is a time. */
export type Outcome = v.InferOutput<typeof outcome>

/** One run of one strategy. */
export type Sample = v.InferOutput<typeof sample>

/** The emulator that a foreign platform's RUN went through. */
export type Emulator = v.InferOutput<typeof emulator>

/** The engine and builder of the two Dockerfile strategies; what the engine does not say is absent. */
export type Engine = v.InferOutput<typeof engine>

/** What was compiled. Two measurements are comparable when all of it is equal. */
export type MeasuredProject = v.InferOutput<typeof project>

/** One call of `xbuild bench`: what was measured, on what, with what, and every sample. */
export type Measurement = v.InferOutput<typeof measurement>
