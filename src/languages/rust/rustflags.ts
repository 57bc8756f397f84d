import { envTriple } from './cargo-config.ts'
import type { RustProject } from './project.ts'
import type { RustTarget } from './target.ts'

/** How a call of cargo is given flags for rustc. */
export interface GivenFlags {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/**
 * Our flags together with the user's. cargo takes flags from one source only: CARGO_ENCODED_RUSTFLAGS, RUSTFLAGS, else
 * those of the target, else `build.rustflags` (Cargo book, "build.rustflags"); so ours join the one that the user has.
 */
export function giveFlags(
  { environmentFlags }: Pick<RustProject, 'environmentFlags'>,
  targets: readonly RustTarget[],
  flags: readonly string[],
): GivenFlags {
  if (environmentFlags) {
    const all = [...environmentFlags.flags, ...flags]
    return { args: [], env: { CARGO_ENCODED_RUSTFLAGS: all.join('\x1f') } }
  }
  const given = targets.map(target => targetFlags(target, flags))
  return {
    args: given.flatMap(({ args }) => args),
    env: Object.assign({}, ...given.map(({ env }) => env)),
  }
}

const hasSpace = (flag: string) => /\s/.test(flag)

/**
 * The flags of one target: a variable, which cargo splits at spaces, or a list where an entry has a space. A list cannot
 * join a string of the user's configuration (cargo refuses to merge the two): there our flags that have a space stay out.
 */
function targetFlags(target: RustTarget, flags: readonly string[]): GivenFlags {
  const { triple, ownRustflags, hiddenRustflags, flagsAreString } = target
  const variable = `CARGO_TARGET_${envTriple(triple)}_RUSTFLAGS`
  const ours = [...hiddenRustflags, ...flags]
  if (!flagsAreString && ours.some(hasSpace)) {
    // JSON writes strings as TOML does. cargo adds the variable to the list, so the user's own is not repeated.
    return { args: ['--config', `target.${triple}.rustflags=${JSON.stringify(ours)}`], env: {} }
  }
  const words = [...ownRustflags, ...ours.filter(flag => !hasSpace(flag))]
  return { args: [], env: { [variable]: words.join(' ') } }
}

/** Keeps this machine's folders out of the binary, so that another folder gives the same one. */
export function remapFlags({ cargoHome, workspaceRoot, sysroot, rustcCommit }: RustProject): string[] {
  const pairs = [
    ...(sysroot.source && rustcCommit ? [[sysroot.source, `/rustc/${rustcCommit}`]] : []),
    [cargoHome, '/cargo'],
    [workspaceRoot, '/src'],
  ]
  return pairs.map(([path, name]) => `--remap-path-prefix=${path}=${name}`)
}
