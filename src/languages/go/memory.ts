import { totalmem } from 'node:os'
import { controlGroupLimit } from './control-group.ts'

/**
 * Variables for Go's own tools: collect no garbage before there is as much of it as the machine has room for. They live
 * for seconds, and collecting takes them up to a fifth of that, for memory: the largest compiler of google/ko took 738 MB so, and
 * 318 with GOGC=100 (docs/overhead.md). What they write is the same.
 */
export interface GarbageSettings {
  readonly GOGC: 'off'
  /** Of each process; beyond it the collector works after all (https://go.dev/doc/gc-guide, "Memory limit"). */
  readonly GOMEMLIMIT: string
}

const MiB = 1024 ** 2
/** Below this, collecting as usual is what fits. */
const smallest = 512 * MiB

/**
 * The settings for as many processes at once, which together may take half of the memory; none where that is little.
 * @param memory bytes that there are
 */
export function garbageSettings(processes: number, memory: number): GarbageSettings | undefined {
  const each = memory / 2 / processes
  return each < smallest ? undefined : { GOGC: 'off', GOMEMLIMIT: `${Math.floor(each / MiB)}MiB` }
}

/** Whether the user decides on this: either variable is set, in the environment or by `[go] env`. */
export function decidesOnGarbage(env: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(env['GOGC'] || env['GOMEMLIMIT'])
}

/** Bytes of memory for this process and its children: the machine's, or less where a control group says so. */
export function availableMemory(): number {
  const limits = [process.constrainedMemory(), controlGroupLimit() ?? 0].filter(limit => limit > 0)
  return Math.min(totalmem(), ...limits)
}
