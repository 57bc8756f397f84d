import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isDead, markPattern, ownerMark } from './owner.ts'

/**
 * The name of a temporary neighbour of `path`: in the same folder, so that a rename can put it in its place. It has the
 * mark of this process in it.
 */
export function temporaryName(path: string): string {
  const name = basename(path).slice(0, 120)
  return join(dirname(path), `.${name}.${ownerMark()}.${randomBytes(6).toString('hex')}.tmp`)
}

/** Whether a name is one that `temporaryName` gives: what a killed process leaves. */
export function isTemporary(name: string): boolean {
  return /^\..*\.[0-9a-f]{12}\.tmp$/.test(name)
}

/** What has to go when this process exits, whatever it is doing then. */
const pending = new Set<string>()
let listening = false

/** Removes a path when this process exits, unless `forget` is called first. */
export function removeAtExit(path: string): { forget(): void } {
  if (!listening) process.on('exit', removePending)
  listening = true
  pending.add(path)
  return { forget: () => pending.delete(path) }
}

function removePending(): void {
  for (const path of pending) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // the next run sweeps it
    }
  }
}

const folderPattern = new RegExp(`^\\.?xbuild-[a-z-]*(${markPattern.source})-[0-9a-f]{12}$`)
const filePattern = new RegExp(`^\\..*\\.(${markPattern.source})\\.[0-9a-f]{12}\\.tmp$`)

/** Removes from a folder what runs that are dead left there: their temporary folders and files. Fails at nothing. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, owner] = folderPattern.exec(name) ?? filePattern.exec(name) ?? []
    if (owner === undefined || !isDead(owner)) continue
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
  }
}
