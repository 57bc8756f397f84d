import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * The mark of this process in the name of what it makes for a while, by which a later one knows whether it may go: the
 * process, when it started (another may have got its number since), and the machine, or the container on it.
 */
export function ownerMark(): string {
  mark ??= `${process.pid}-${startOf(process.pid) ?? 0}-${machine()}`
  return mark
}
let mark: string | undefined

/** The pattern of a mark, for names that end in it or go on after it. */
export const markPattern = /\d+-\d+-[0-9a-f]{8}/

/**
 * Ticks (hundredths of a second). An emulated process is told by QEMU when it started, a moment after the kernel says it did;
 * nobody gets the number of another process so soon after that one has ended.
 */
const startsApart = 1000

/**
 * Whether a process that left its mark is dead. One of another machine or container, which this one cannot see, counts as
 * alive, and so does what is no mark.
 */
export function isDead(text: string): boolean {
  const [, pid, start, where] = /^(\d+)-(\d+)-([0-9a-f]{8})$/.exec(text) ?? []
  if (pid === undefined || where !== machine()) return false
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  const now = startOf(Number(pid))
  return (
    now === 'ended' || (now !== undefined && start !== '0' && Math.abs(now - Number(start)) > startsApart)
  )
}

/**
 * When a process started, in ticks since the machine did (proc(5), field 22); "ended" for one that nobody has waited for,
 * as where the first process of a container does not; undefined where there is no /proc.
 */
function startOf(pid: number): number | 'ended' | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return /[ZX]/.test(fields[0] ?? '') ? 'ended' : Number(fields[19])
  } catch {
    return undefined
  }
}

/** Process numbers mean something on one host, and on Linux in one namespace of them: containers may share a host's name. */
function machine(): string {
  if (here === undefined) {
    let namespace = ''
    try {
      namespace = readlinkSync('/proc/self/ns/pid')
    } catch {
      // another system than Linux
    }
    here = createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 8)
  }
  return here
}
let here: string | undefined
