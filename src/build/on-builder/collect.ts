import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { platformFolder } from '../../platforms.ts'
import type { RunResult } from '../../process.ts'
import type { CompiledBinary, Step } from '../../types.ts'

/** The binaries that a stage gathered, of a command that takes no folder for them: cargo's. */
export function collectGathered(
  { produces }: Step,
  { ok, seconds, stderr }: RunResult,
  work: string,
): CompiledBinary[] {
  if (!ok) return []
  const cached = !/^\s*Compiling /m.test(stderr)
  return produces.flatMap(({ platform, name }) => {
    const path = join(work, platformFolder(platform), name)
    return existsSync(path) ? [{ platform, name, path, seconds, cached }] : []
  })
}
