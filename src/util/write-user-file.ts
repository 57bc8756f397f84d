import { rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, isFailure } from '../errors.ts'
import { writeFileAtomically } from './atomic.ts'
import { destinationFile } from './destination-file.ts'
import { sweep, temporaryName } from './leftovers.ts'

/**
 * Writes a file that a flag names, whole, by a rename; its folder is made where there is none. What is no regular file is
 * written into, and a link is followed.
 * @throws {Failure} usage, naming the flag, when it cannot be written.
 */
export async function writeUserFile(path: string, content: string | Uint8Array, flag: string): Promise<void> {
  try {
    await sweep(dirname(path))
    await writeFileAtomically(path, content)
  } catch (error) {
    throw unwritable(path, flag, error, '; everything else was done')
  }
}

/**
 * Makes sure that a file can be written, before the work whose result it is for.
 * @throws {Failure} usage, as `writeUserFile`.
 */
export async function checkUserFile(path: string, flag: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory()) throw new Error('it is a folder')
    const to = await destinationFile(path)
    if (to.openThrough) return
    const probe = temporaryName(to.path)
    await writeFileAtomically(probe, '')
    await rm(probe)
  } catch (error) {
    throw unwritable(path, flag, error, '')
  }
}

function unwritable(path: string, flag: string, error: unknown, remark: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `${path} cannot be written`,
    where: flag,
    why: (isFailure(error) ? error.why : undefined) ?? (error as Error).message,
    fix: `name a file in a folder that can be written${remark}`,
    cause: error,
  })
}
