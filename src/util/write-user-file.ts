import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../errors.ts'

/**
 * Writes a file that a flag names, whole, by a rename; its folder is made where there is none.
 * @throws {Failure} usage, naming the flag, when it cannot be written.
 */
export async function writeUserFile(path: string, content: string | Uint8Array, flag: string): Promise<void> {
  try {
    await writeBeside(path, content)
    await rename(`${path}.${process.pid}`, path)
  } catch (error) {
    throw unwritable(path, flag, error, '; everything else was done')
  }
}

/**
 * Makes sure that a file can be written, before the work that it is to tell of.
 * @throws {Failure} usage, as `writeUserFile`.
 */
export async function checkUserFile(path: string, flag: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory()) throw new Error('it is a folder')
    await writeBeside(path, '')
    await rm(`${path}.${process.pid}`)
  } catch (error) {
    throw unwritable(path, flag, error, '')
  }
}

async function writeBeside(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.${process.pid}`, content)
}

function unwritable(path: string, flag: string, error: unknown, besides: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `${path} cannot be written`,
    where: flag,
    why: (error as Error).message,
    fix: `name a file in a folder that can be written${besides}`,
    cause: error,
  })
}
