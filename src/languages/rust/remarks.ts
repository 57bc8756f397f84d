import type { Platform } from '../../platforms.ts'
import type { Executable } from '../language.ts'
import { forThisMachine, machineFlagRemarks } from '../machine-flags.ts'
import { type CargoConfigFile, lookUp } from './cargo-config.ts'
import type { RustTarget } from './target.ts'

/** What the user's configuration changes, and programs that are left out: cargo says neither. */
export function describeConfig(
  config: readonly CargoConfigFile[],
  targets: ReadonlyMap<string, RustTarget>,
  executables: readonly Executable[],
): string[] {
  const wrappers = ['rustc', 'rustc-wrapper', 'rustc-workspace-wrapper'].flatMap(key => {
    const found = lookUp(config, 'build', key)
    return found
      ? [`${found.source} sets build.${key} = ${JSON.stringify(found.value)}, which cargo will run`]
      : []
  })
  const linkers = [...targets.values()].flatMap(({ triple, linker }) =>
    linker ? [`${linker.source} names the linker for ${triple}: ${linker.value}`] : [],
  )
  const left = executables.flatMap(({ name, problem }) =>
    problem ? [`${name} is left out: ${problem}`] : [],
  )
  return [...wrappers, ...new Set(linkers), ...left]
}

/** A target that the user chose for cargo and that no platform means: --target goes before it. */
export function describeBuildTarget(
  config: readonly CargoConfigFile[],
  env: NodeJS.ProcessEnv,
  triples: readonly string[],
): string[] {
  const variable = env['CARGO_BUILD_TARGET']
  const found = variable
    ? { value: variable, source: 'the environment', key: 'CARGO_BUILD_TARGET' }
    : { value: undefined, ...lookUp(config, 'build', 'target'), key: 'build.target' }
  const values = [found.value ?? []].flat().filter(value => typeof value === 'string')
  return values
    .filter(value => !triples.includes(value))
    .map(
      value =>
        `${found.key} = ${JSON.stringify(value)} of ${found.source} does not count: --platform and [rust] libc choose the target`,
    )
}

/** Variables whose flags reach the C code of every platform. */
const cVariables = ['CFLAGS', 'CXXFLAGS', 'CPPFLAGS', 'LDFLAGS', 'TARGET_CFLAGS', 'TARGET_CXXFLAGS']

/** Where flags are that reach several platforms. */
interface FlagSources {
  readonly env: NodeJS.ProcessEnv
  readonly environmentFlags?: { readonly variable: string; readonly flags: readonly string[] } | undefined
  readonly targets: ReadonlyMap<string, RustTarget>
  readonly platforms: readonly Platform[]
  /** Whether any C code is, or may be, compiled. */
  readonly compilesC: boolean
}

/** Flags that are for the processor or the folders of this machine, and what that means for each platform. */
export function describeMachineFlags(sources: FlagSources): string[] {
  const { env, platforms, compilesC } = sources
  const rust = platforms.flatMap(platform => {
    const source = nativeSource(sources, platform)
    return source === undefined
      ? []
      : [`${source} has target-cpu=native: ${forThisMachine(platform, 'program')}`]
  })
  return [...rust, ...(compilesC ? machineFlagRemarks(cVariables, env, platforms) : [])]
}

function nativeSource({ environmentFlags, targets }: FlagSources, { id }: Platform): string | undefined {
  const isNative = (flags: readonly string[]) => flags.some(flag => flag.endsWith('target-cpu=native'))
  if (environmentFlags) return isNative(environmentFlags.flags) ? environmentFlags.variable : undefined
  return targets.get(id)?.flagSources.find(({ flags }) => isNative(flags))?.source
}
