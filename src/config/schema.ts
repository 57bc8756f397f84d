import * as v from 'valibot'
import { compileTables, languageNames } from '../languages/options.ts'
import { table } from '../util/string-table.ts'
import { beforeSchema } from './before.ts'
import { foldersSchema } from './folders.ts'
import { runtimeKeys } from './runtime.ts'

/** Where compilers run: on this machine, on the builder of buildx, or there where this machine lacks the toolchain. */
export const compilePlaces = ['host', 'builder', 'auto'] as const

const strings = v.array(v.string())
const stringMap = table(v.string())

/** It becomes part of file names. */
const imageName = v.pipe(
  v.string(),
  v.regex(/^\w[\w.-]*$/, 'an image name of letters, digits, "_", "." and "-"'),
)

/** What `[image]` and each `[images.NAME]` may say. An image inherits every key of `[image]` that it does not set. */
const imageKeys = {
  tags: v.optional(strings),
  base: v.optional(v.string()),
  /** A mirror to use instead of gcr.io/distroless. */
  registry: v.optional(v.string()),
  pin: v.optional(v.boolean()),
  'insecure-registries': v.optional(strings),
  template: v.optional(v.string()),
  user: v.optional(v.string()),
  program: v.optional(v.string()),
  programs: v.optional(v.pipe(strings, v.minLength(1))),
  links: v.optional(stringMap),
  init: v.optional(
    v.string('expected the path of a static program in the project, such as "tools/tini-static-{arch}"'),
  ),
  entrypoint: v.optional(strings),
  args: v.optional(strings),
  env: v.optional(stringMap),
  ports: v.optional(
    v.array(v.union([v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)), v.string()])),
  ),
  workdir: v.optional(v.string()),
  ...runtimeKeys,
  folders: v.optional(foldersSchema),
  labels: v.optional(stringMap),
  annotations: v.optional(strings),
  files: v.optional(
    v.array(
      v.strictObject({
        from: v.string(),
        to: v.string(),
        mode: v.optional(v.string()),
        owner: v.optional(v.string()),
        exclude: v.optional(strings),
      }),
    ),
  ),
}

/** The whole of xbuild.toml. Unknown keys are refused, so that no typo goes unnoticed. */
export const configSchema = v.strictObject({
  /** `git`, `manifest`, or the version itself. */
  'version-from': v.optional(v.string()),
  lang: v.optional(v.picklist(languageNames)),
  platforms: v.optional(strings),
  bins: v.optional(strings),
  backend: v.optional(v.picklist(['auto', 'buildx', 'oci'])),
  builder: v.optional(v.string()),
  compression: v.optional(v.picklist(['gzip', 'zstd']), 'gzip'),
  /** The folder of the outputs, relative to the project. */
  dist: v.optional(v.string(), 'dist'),
  image: v.optional(v.strictObject(imageKeys), {}),
  images: v.optional(table(v.strictObject({ ...imageKeys, bin: v.optional(v.string()) }), imageName), {}),
  ...compileTables,
  build: v.optional(
    v.strictObject({
      before: v.optional(beforeSchema, []),
      /** Where compilers run. */
      'compile-on': v.optional(v.picklist(compilePlaces)),
      /** Values of --secret and --ssh of `docker buildx build`. */
      secrets: v.optional(strings, []),
      ssh: v.optional(strings, []),
      /** Patterns of what is not sent to a builder that compiles. */
      exclude: v.optional(strings, []),
    }),
    {},
  ),
  toolchain: v.optional(v.strictObject({ image: v.optional(v.string()) }), {}),
  cache: v.optional(
    v.strictObject({
      type: v.optional(v.picklist(['gha', 'registry', 'local'])),
      go: v.optional(v.string()),
      rust: v.optional(v.string()),
      from: v.optional(strings, []),
      to: v.optional(strings, []),
    }),
    {},
  ),
  lint: v.optional(v.strictObject({ ignore: v.optional(strings, []) }), {}),
  bench: v.optional(
    v.strictObject({
      auto: v.optional(v.boolean(), false),
      /** Whether a build that has no baseline says what emulation is likely to take. */
      estimate: v.optional(v.boolean(), true),
      image: v.optional(v.string()),
      runs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      'emulated-runs': v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      timeout: v.optional(v.pipe(v.number(), v.minValue(1))),
    }),
    {},
  ),
})

/** xbuild.toml with its defaults filled in. */
export type Config = v.InferOutput<typeof configSchema>

/** One `[image]` or `[images.NAME]` table. */
export type ImageTable = Config['images'][string]
