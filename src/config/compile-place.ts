import { Failure } from '../errors.ts'
import type { BuildFlags } from './flags.ts'
import { type Config, compilePlaces } from './schema.ts'

/** How compilers run on a builder of buildx. */
export interface CompileOptions {
  readonly place: (typeof compilePlaces)[number]
  /** The image that has the toolchain; absent for the official one of the project's version. */
  readonly image?: string
  /** Values of --secret and --ssh of `docker buildx build`. */
  readonly secrets: readonly string[]
  readonly ssh: readonly string[]
  /** Patterns of what is not sent, as in .dockerignore. */
  readonly exclude: readonly string[]
}

/**
 * Merges --compile-on, --secret and --ssh, the environment, and `[build]` and `[toolchain]` of xbuild.toml.
 * @throws {Failure} usage, for an XBUILD_COMPILE_ON that is no place.
 */
export function compileOptions(
  flags: Pick<BuildFlags, 'compileOn' | 'secret' | 'ssh'>,
  { build, toolchain }: Pick<Config, 'build' | 'toolchain'>,
  env: NodeJS.ProcessEnv,
): CompileOptions {
  return {
    place: flags.compileOn ?? placeOf(env['XBUILD_COMPILE_ON']) ?? build['compile-on'] ?? 'host',
    ...(toolchain.image && { image: toolchain.image }),
    secrets: flags.secret ?? build.secrets,
    ssh: flags.ssh ?? build.ssh,
    exclude: build.exclude,
  }
}

function placeOf(text: string | undefined): CompileOptions['place'] | undefined {
  if (text === undefined || text === '') return undefined
  const place = compilePlaces.find(name => name === text)
  if (place) return place
  throw new Failure({
    kind: 'usage',
    what: `XBUILD_COMPILE_ON cannot be ${JSON.stringify(text)}`,
    why: `it is one of ${compilePlaces.join(', ')}`,
    fix: 'export XBUILD_COMPILE_ON=auto',
  })
}
