import { realpath, stat } from 'node:fs/promises'
import { Failure, isFailure } from '../errors.ts'
import { writeAll, writeAtomically } from '../util/atomic.ts'
import { quoteWord } from '../util/quote-word.ts'
import { readBytes } from '../util/read-file.ts'

/** A file to lint. Bytes that are not UTF-8 are kept one by one, so that what is written back has them still. */
export interface SourceFile {
  readonly text: string
  readonly encoding: 'utf8' | 'latin1'
}

/** @throws {Failure} usage, when it cannot be read. */
export async function readSource(path: string): Promise<SourceFile> {
  try {
    const bytes = await readBytes(path)
    const text = bytes.toString('utf8')
    if (Buffer.from(text, 'utf8').equals(bytes)) return { text, encoding: 'utf8' }
    return { text: bytes.toString('latin1'), encoding: 'latin1' }
  } catch (error) {
    const why = (isFailure(error) && error.why) || (error as Error).message
    throw new Failure({
      kind: 'usage',
      what: `${path} cannot be read`,
      where: path,
      why,
      fix: `ls -l ${quoteWord(path)}`,
      cause: error,
    })
  }
}

/**
 * Puts a text in the place of a file, by a rename; a symbolic link and the mode stay.
 * @throws {Failure} usage, when it cannot be written.
 */
export async function writeSource(path: string, text: string, { encoding }: SourceFile): Promise<void> {
  try {
    const real = await realpath(path)
    const { mode } = await stat(real)
    await writeAtomically(real, async handle => {
      await handle.chmod(mode & 0o7777)
      await writeAll(handle, Buffer.from(text, encoding))
    })
  } catch (error) {
    const why = (error as Error).message
    throw new Failure({
      kind: 'usage',
      what: `${path} cannot be written`,
      where: '--fix',
      why,
      fix: `ls -l ${quoteWord(path)}`,
      cause: error,
    })
  }
}
