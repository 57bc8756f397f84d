import type { Options as FlagOptions, InferredOptionTypes } from 'yargs'
import { languageNames } from '../languages/options.ts'
import { compilePlaces } from './schema.ts'

/** How progress is shown; the names are those of `docker buildx build --progress`. */
export const progressModes = ['auto', 'tty', 'plain', 'quiet', 'rawjson'] as const
export type ProgressMode = (typeof progressModes)[number]

/** Flags as yargs describes them, by their name on the command line. */
export type Flags = Readonly<Record<string, FlagOptions>>

type CamelCase<Name> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

/** What yargs makes of such flags: their values by the names in camel case. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F as CamelCase<Name>]: InferredOptionTypes<F>[Name]
}

const strings = { type: 'string', array: true, requiresArg: true } as const

/** The flags that say what to build: shared by build, plan, dockerfile and bench. Names are those of `docker buildx build`. */
export const buildFlags = {
  platform: { ...strings, describe: 'Platforms, comma-separated (linux/amd64,linux/arm64)' },
  tag: { ...strings, alias: 't', describe: 'Name and tag of the image; {name} is the executable' },
  push: { type: 'boolean', describe: 'Push to the registry of the tag' },
  'push-by-digest': {
    type: 'boolean',
    describe: 'Push without moving a tag, for xbuild merge; --tag says where to',
  },
  load: { type: 'boolean', describe: 'Load into the Docker engine' },
  output: {
    ...strings,
    alias: 'o',
    describe: 'PATH.tar for an OCI archive, PATH for an OCI layout, type=… as in buildx',
  },
  dist: { type: 'string', requiresArg: true, describe: 'Folder of binaries, archives and logs (dist)' },
  bin: { ...strings, describe: 'Executable to build; several make several images' },
  lang: { choices: languageNames, describe: 'Language, if the folder has several' },
  base: {
    type: 'string',
    requiresArg: true,
    describe: 'Base image, "scratch" or "builtin" (the smallest distroless image that fits)',
  },
  'base-registry': {
    type: 'string',
    requiresArg: true,
    describe: 'Mirror of gcr.io/distroless that the base comes from',
  },
  offline: {
    type: 'boolean',
    describe: 'Ask no registry before the image is made: try with the base that the cache or the builder has',
  },
  pin: { type: 'boolean', describe: 'Write the digest of the base into the Dockerfile' },
  locked: {
    type: 'boolean',
    describe: 'Fail where xbuild.lock does not have the base, or Cargo.lock is not current',
  },
  'insecure-registry': {
    ...strings,
    describe: 'HOST[:PORT] to call without TLS or with an untrusted certificate',
  },
  'registry-timeout': {
    type: 'string',
    requiresArg: true,
    describe: 'Longest silence of a registry, such as 90s or 10m (60s)',
  },
  backend: {
    choices: ['auto', 'buildx', 'oci'] as const,
    describe: 'What makes the image: docker buildx, or xbuild itself (oci)',
  },
  builder: { type: 'string', requiresArg: true, describe: 'Builder of docker buildx' },
  'compile-on': {
    choices: compilePlaces,
    describe:
      'Where compilers run: on this host, on the builder, or there if the host lacks the toolchain (host)',
  },
  secret: {
    ...strings,
    describe: 'Secret for a compile on the builder, as in buildx (id=netrc,src=PATH)',
  },
  ssh: { ...strings, describe: 'SSH agent or key for a compile on the builder, as in buildx (default)' },
  'cache-from': { ...strings, describe: 'External cache source, for buildx' },
  'cache-to': { ...strings, describe: 'Cache export destination, for buildx' },
  cache: {
    choices: ['gha', 'registry', 'local'] as const,
    describe: 'Keep the cache of buildx: sets --cache-from and --cache-to, a scope for each image',
  },
  label: { ...strings, describe: 'Label of the image, key=value' },
  user: {
    type: 'string',
    requiresArg: true,
    describe: 'User that the image runs as: UID, UID:GID, or a name of its /etc/passwd',
  },
  annotation: { ...strings, describe: 'Annotation, [type:]key=value as in buildx' },
  provenance: { type: 'string', describe: 'Provenance attestation, for buildx (none)' },
  sbom: { type: 'string', describe: 'SBOM attestation, for buildx (none)' },
  'metadata-file': { type: 'string', requiresArg: true, describe: 'Write the metadata of buildx to a file' },
  compression: { choices: ['gzip', 'zstd'] as const, describe: 'Compression of the layers (gzip)' },
  'version-from': {
    type: 'string',
    requiresArg: true,
    describe: 'Where the version comes from: git, manifest, or the version itself',
  },
  yes: {
    alias: 'y',
    type: 'boolean',
    describe: 'Add what the toolchain lacks, such as a target of rustup, without asking',
  },
  install: { type: 'boolean', describe: 'Add what the toolchain lacks; --no-install never does' },
  before: {
    type: 'boolean',
    describe: 'Run the steps of [build] before first; --no-before skips them',
  },
  verify: {
    choices: ['warn', 'strict'] as const,
    describe:
      'What a pushed image that cannot be read back is: a warning, or with strict a failure, and nothing is taken as known',
  },
  jobs: { alias: 'j', type: 'string', requiresArg: true, describe: 'Processors to use (all)' },
} as const satisfies Flags

/** The flags that say what to build, as they were given. Absent means: not given. */
export type BuildFlags = Partial<FlagValues<typeof buildFlags>> & {
  readonly dir?: string | undefined
  /** What comes after `--`. */
  readonly toolchainArgs?: readonly string[] | undefined
}

/** The flags that fail a build or a measurement by comparison with emulation. */
export const benchBoundFlags = {
  'bench-fail-under': {
    type: 'number',
    requiresArg: true,
    describe: 'Fail if native is less than N× faster than emulation',
  },
  'bench-max-growth': {
    type: 'number',
    requiresArg: true,
    describe: 'Fail if a cold native compile takes more than N× the recorded time',
  },
} as const satisfies Flags

/** The flags that say how to show progress and results. */
export const outputFlags = {
  progress: { choices: progressModes, default: 'auto' as const, describe: 'How to show progress on stderr' },
  json: { type: 'boolean', describe: 'Print the report as JSON on stdout' },
} as const satisfies Flags
