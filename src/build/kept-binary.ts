import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hashFile } from '../util/hash-file.ts'

/** The record of the last build in the folder of the outputs (last-build.ts). */
export const lastBuildFile = '.last-build.json'

/** A binary that a build kept, and where a compiler would write it anew. */
export interface KeptBinary {
  readonly path: string
  readonly sha256: string
  /** Of `stampOf`, when it was kept. */
  readonly stamp: string
  /** Relative to the run's temporary folder. */
  readonly output: string
}

/**
 * Puts a binary where the compiler will write it, for a linker that leaves alone what is up to date; only one that is as it
 * was kept. It is a link: the linker of Go replaces a file and never writes into it (cmd/go's moveOrCopyFile).
 */
export async function restore({ path, sha256, stamp, output }: KeptBinary, work: string): Promise<void> {
  const to = join(work, output)
  try {
    await mkdir(dirname(to), { recursive: true })
    if ((await stampOf(path)) !== stamp && (await hashFile(path)) !== sha256) return
    await link(path, to).catch(() => copyFile(path, to, constants.COPYFILE_FICLONE))
  } catch {
    // Half a copy could pass for what is up to date. It is linked anew then.
    await rm(to, { force: true })
  }
}

/** What changes with the content of a file, as git's index has it. @throws {Error} for what is no regular file. */
export async function stampOf(path: string): Promise<string> {
  const found = await lstat(path, { bigint: true })
  if (!found.isFile()) throw new Error(`${path} is no regular file`)
  const { size, mtimeNs, ino } = found
  return `${size} ${mtimeNs} ${ino}`
}
