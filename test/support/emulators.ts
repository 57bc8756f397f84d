import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Keeps the kernel's QEMU registrations on or off until the returned function is called, also if this process dies.
 * Waits for every other process that holds them the other way: the kernel has one table for all.
 * @param switcher path of `test/rig/qemu`
 */
export async function holdEmulators(switcher: string, state: 'on' | 'off'): Promise<() => Promise<void>> {
  const child = spawn(switcher, ['hold', state], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const first = await Promise.race([once(child.stdout, 'data'), exited])
  if (String(first[0]).trim() !== 'held') throw new Error(`${switcher} hold ${state} failed`)
  return async () => {
    child.stdin.end()
    await exited
  }
}
