import { access, constants, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure, isFailure } from '../errors.ts'
import { writeFailure, writeFileAtomically } from '../util/atomic.ts'
import { quoteWord } from '../util/quote-word.ts'
import { readTextIfThere } from '../util/read-file.ts'
import type { FileChange } from './write/diff.ts'

/**
 * Writes the changed files, each by a rename, once it is known that all of them can be. One that has been changed since it
 * was read is left alone.
 * @throws {Failure} usage, for a file that cannot be written, or is not what it was.
 */
export async function writeChanges(root: string, changes: readonly FileChange[]): Promise<void> {
  for (const change of changes) await orFailure(change, root, [], () => checkPlace(change, root))
  const written: string[] = []
  for (const change of changes) {
    await orFailure(change, root, written, async () => {
      const place = join(root, change.path)
      const mode = (await stat(place).catch(() => undefined))?.mode
      await writeFileAtomically(place, change.after, mode === undefined ? {} : { mode: mode & 0o7777 })
    })
    written.push(change.path)
  }
}

/** What is there is what was read, and its folder is one, or can be made. */
async function checkPlace({ path, before }: FileChange, root: string): Promise<void> {
  const place = join(root, path)
  const found = await stat(place).catch(() => undefined)
  if (found && before === undefined && !(await isReadable(place))) throw unreadable(path)
  if ((await readTextIfThere(place)) !== before) throw changedMeanwhile(path)
  let folder = dirname(place)
  while (!(await stat(folder).catch(() => undefined))) folder = dirname(folder)
  if (!(await stat(folder)).isDirectory())
    throw writeFailure(Object.assign(new Error(), { code: 'ENOTDIR', syscall: 'mkdir' }), folder)
  await access(folder, constants.W_OK)
}

async function isReadable(place: string): Promise<boolean> {
  const found = await stat(place)
  return (
    !found.isDirectory() &&
    (await access(place, constants.R_OK).then(
      () => true,
      () => false,
    ))
  )
}

async function orFailure(
  { path }: FileChange,
  root: string,
  written: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (isFailure(error, 'usage')) throw error
    const failure = writeFailure(error, join(root, path))
    throw new Failure({
      kind: 'usage',
      what: `${path} cannot be written`,
      where: isFailure(failure) ? failure.where : join(root, path),
      why: [
        (isFailure(failure) ? failure.why : undefined) ?? (error as Error).message,
        written.length > 0 ? `${written.join(', ')} were written before it` : 'nothing was written',
      ].join('\n'),
      fix: 'xbuild init --dry-run prints the changes as a patch',
      cause: error,
    })
  }
}

function unreadable(path: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `${path} is there and cannot be read, so nothing was written`,
    why: 'init adds to a file, and never replaces one that it has not read',
    fix: `ls -ld ${quoteWord(path)}`,
  })
}

function changedMeanwhile(path: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `${path} was changed by somebody else, so nothing was written`,
    why: 'it is not what it was when init read it',
    fix: 'xbuild init',
  })
}
