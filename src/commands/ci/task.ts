import type { Flags } from '../../config/flags.ts'
import type { Arguments, dirPositional } from '../command.ts'

/** What `xbuild ci TASK` does: a record in the table of ci.ts. */
export interface CiTask<F extends Flags = Flags> {
  readonly describe: string
  readonly flags: F
  /** Does it. A method, so that tasks of different flags go into one table. */
  run(argv: Arguments<typeof dirPositional & F>): Promise<void>
}

/** Types the arguments of `run` by the flags. */
export function defineTask<const F extends Flags>(task: CiTask<F>): CiTask<F> {
  return task
}
