import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { dir, setGracefulCleanup } from 'tmp-promise'
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

/** A temporary folder until it is removed. */
export interface TemporaryFolder {
  readonly path: string
  remove(): Promise<void>
}

/**
 * Makes a temporary folder that only this user can open. It goes with `remove`, at exit, or, after a SIGKILL, when the
 * next one is made in the same place.
 * @param parent the system's folder for temporary files where it is absent
 * @throws what the file system says when it cannot be made.
 */
export async function makeTemporaryFolder(prefix: string, parent = tmpdir()): Promise<TemporaryFolder> {
  const name = `${prefix}${ownerMark()}-${randomBytes(6).toString('hex')}`
  await sweep(parent)
  setGracefulCleanup()
  const { path, cleanup } = await dir({ tmpdir: parent, name, mode: 0o700, unsafeCleanup: true })
  return { path, remove: cleanup }
}

/** Removes from a folder what runs that are dead left there: their temporary folders and files. Fails at nothing. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, owner] = folderPattern.exec(name) ?? filePattern.exec(name) ?? []
    if (owner === undefined || !isDead(owner)) continue
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
  }
}
