import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../errors.ts'

/**
 * Writes a file that a flag names, whole, by a rename; its folder is made where there is none.
 * @throws {Failure} usage, naming the flag, when it cannot be written.
 */
export async function writeUserFile(path: string, content: string | Uint8Array, flag: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(`${path}.${process.pid}`, content)
    await rename(`${path}.${process.pid}`, path)
  } catch (error) {
    throw new Failure({
      kind: 'usage',
      what: `${path} cannot be written`,
      where: flag,
      why: (error as Error).message,
      fix: 'name a file in a folder that can be written; the image itself was made',
      cause: error,
    })
  }
}
