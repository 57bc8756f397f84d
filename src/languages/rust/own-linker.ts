import { isFailure } from '../../errors.ts'
import { run } from '../../process.ts'
import type { InspectContext } from '../language.ts'
import type { RustSysroot } from './target.ts'

/**
 * Why the rust-lld next to rustc cannot be used though it is there, as the system says it; undefined where it starts. A
 * distribution's needs the library of LLVM that it was built with, and one of another libc does not start at all.
 */
export async function linkerProblem(
  { rustLldPath = '' }: RustSysroot,
  dir: string,
  { options, signal, run: runTool = run }: InspectContext,
): Promise<string | undefined> {
  const command = {
    tool: rustLldPath,
    args: ['-flavor', 'gnu', '--version'],
    cwd: dir,
    env: options.rust.env,
  }
  try {
    const result = await runTool(command, { signal })
    if (result.ok) return undefined
    const [said] = result.stderr.split('\n').filter(line => line.trim() !== '')
    return said ?? `it ends with ${result.signal ?? `exit status ${result.exitCode}`}`
  } catch (error) {
    if (!isFailure(error, 'tool')) throw error
    // The file is there: what is missing is the loader that it names.
    return 'it is for another libc or processor than this machine has'
  }
}
