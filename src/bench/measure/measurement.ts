import * as v from 'valibot'
import { type LanguageName, languageNames } from '../../languages/options.ts'
import { pathNames, rowNames, type Sample } from './samples.ts'

/** The emulator that a foreign platform's RUN went through. */
export interface Emulator {
  /** An entry of the kernel's binfmt_misc, or the one that BuildKit brings along; unknown where the builder is elsewhere. */
  readonly kind: 'kernel' | 'buildkit' | 'unknown'
  /** The file name of the binfmt_misc entry's interpreter, or of BuildKit's program. */
  readonly program?: string
  readonly version?: string
}

/** One call of `xbuild bench`: what was measured, on what, with what, and every sample. */
export interface Measurement {
  readonly id: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly xbuild: string
  readonly project: MeasuredProject
  readonly source: { readonly revision?: string; readonly version?: string }
  readonly host: {
    readonly os: string
    readonly arch: string
    readonly cpus: number
    readonly cpu: string
    readonly node: string
  }
  /** The engine and builder of the two Dockerfile paths. */
  readonly engine?: Engine
  /** By platform. */
  readonly emulators: Readonly<Record<string, Emulator>>
  /** Where the toolchain of each Dockerfile path came from, by path and platform: an image or a package. */
  readonly toolchains: Readonly<Record<string, string>>
  readonly remarks: readonly string[]
  readonly samples: readonly Sample[]
}

/** What was compiled. Two measurements are comparable when all of it is equal. */
export interface MeasuredProject {
  readonly language: LanguageName
  /** Names, sorted. */
  readonly executables: readonly string[]
  readonly toolchain: { readonly name: string; readonly version: string }
  /** The flags and options that change what is compiled, as JSON. */
  readonly settings: string
}

/** The engine behind the Dockerfile paths; what it does not say is absent. */
export interface Engine {
  readonly builder: string
  readonly driver: string
  readonly docker?: string
  readonly buildx?: string
  readonly buildkit?: string
}

/** The version of bench.json's form. Fields are added without raising it; a changed or removed one raises it. */
export const benchVersion = 1

const seconds = v.pipe(v.number(), v.finite(), v.minValue(0))
const outcome = v.variant('kind', [
  v.looseObject({
    kind: v.literal('measured'),
    compile: seconds,
    whole: seconds,
    sha256: v.record(v.string(), v.string()),
  }),
  v.looseObject({ kind: v.literal('cut-off'), limit: seconds }),
  v.looseObject({ kind: v.literal('crashed'), detail: v.string() }),
  v.looseObject({ kind: v.literal('failed'), detail: v.string() }),
])
const emulator = v.looseObject({
  kind: v.picklist(['kernel', 'buildkit', 'unknown']),
  program: v.optional(v.string()),
  version: v.optional(v.string()),
})

/** bench.json; what a newer xbuild has added to it is kept. */
export const benchSchema = v.looseObject({
  schemaVersion: v.literal(benchVersion),
  measurements: v.array(
    v.looseObject({
      id: v.string(),
      startedAt: v.pipe(v.string(), v.isoTimestamp()),
      xbuild: v.string(),
      project: v.looseObject({
        language: v.picklist(languageNames),
        executables: v.array(v.string()),
        toolchain: v.looseObject({ name: v.string(), version: v.string() }),
        settings: v.string(),
      }),
      source: v.looseObject({ revision: v.optional(v.string()), version: v.optional(v.string()) }),
      host: v.looseObject({
        os: v.string(),
        arch: v.string(),
        cpus: v.number(),
        cpu: v.string(),
        node: v.string(),
      }),
      engine: v.optional(v.looseObject({ builder: v.string(), driver: v.string() })),
      emulators: v.record(v.string(), emulator),
      toolchains: v.record(v.string(), v.string()),
      remarks: v.array(v.string()),
      samples: v.array(
        v.looseObject({
          platform: v.string(),
          path: v.picklist(pathNames),
          row: v.picklist(rowNames),
          at: v.string(),
          load: v.number(),
          outcome,
        }),
      ),
    }),
  ),
})
