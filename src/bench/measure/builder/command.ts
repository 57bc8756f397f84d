import { languages } from '../../../languages/index.ts'
import type { Command } from '../../../types.ts'
import { substitute } from '../../../util/substitute.ts'
import { stageFolders } from '../../languages/bench-language.ts'
import type { Subject } from '../job.ts'

/** A native command carried over into a builder stage. */
export interface BuilderCommand {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The settings in it that name a C toolchain of this machine, so that the stage cannot have it. */
  readonly foreign: readonly string[]
}

/** The variables that name a C toolchain. */
const cToolchainVariable =
  /^(?:(?:TARGET_)?(?:CC|CXX|AR|RANLIB)(?:_.*)?|CARGO_TARGET_.*_LINKER|PKG_CONFIG_\w+)$/

/**
 * The native command as a builder stage runs it: the same words and variables, this machine's folders replaced by
 * the stage's. Pure.
 * @param ownC leave the C toolchain to the stage: where it runs as the target, its own compiler is the right one.
 * @param program the toolchain's program where it is not on the stage's PATH.
 */
export function builderCommand(
  command: Command,
  { staged, project }: Pick<Subject, 'staged' | 'project'>,
  { ownC, program }: { readonly ownC: boolean; readonly program?: string | undefined },
): BuilderCommand {
  const carry = (text: string) => text.replaceAll(staged.top, stageFolders.source)
  const { caches, out } = stageFolders
  const { args, env = {} } = substitute(command, { caches, work: out })
  const kept = Object.entries(env).filter(
    ([name, value]) => !(ownC && cToolchainVariable.test(name) && value !== 'rust-lld'),
  )
  const carried = kept.map(([name, value]) => [name, carry(value)] as const)
  return {
    // The words before the subcommand are this machine's way to start the toolchain: `python3 -m ziglang build`.
    words: [
      program ?? languages[project.language].versionCommand.tool,
      ...args.slice(args.indexOf('build')).map(carry),
    ],
    env: Object.fromEntries(carried),
    foreign: carried.flatMap(([name, value]) =>
      cToolchainVariable.test(name) && /(?:^|[\s"'])\//.test(value) ? [`${name}=${value}`] : [],
    ),
  }
}
