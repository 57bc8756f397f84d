import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure, isFailure } from '../errors.ts'
import { writeFileAtomically } from '../util/atomic.ts'
import { readTextIfThere } from '../util/read-file.ts'
import type { FileChange } from './write/diff.ts'

/**
 * Writes the changed files, each by a rename. One that has been changed since it was read is left alone.
 * @throws {Failure} usage, for a file that cannot be written, or is not what it was.
 */
export async function writeChanges(root: string, changes: readonly FileChange[]): Promise<void> {
  for (const { path, before, after } of changes) {
    const place = join(root, path)
    try {
      if ((await readTextIfThere(place)) !== before) throw changedMeanwhile(path)
      await mkdir(dirname(place), { recursive: true })
      const mode = (await stat(place).catch(() => undefined))?.mode
      await writeFileAtomically(place, after, mode === undefined ? {} : { mode: mode & 0o7777 })
    } catch (error) {
      if (isFailure(error, 'usage')) throw error
      throw new Failure({
        kind: 'usage',
        what: `${path} cannot be written`,
        where: root,
        why: (isFailure(error) ? error.why : undefined) ?? (error as Error).message,
        fix: 'xbuild init --dry-run prints the changes as a patch',
        cause: error,
      })
    }
  }
}

function changedMeanwhile(path: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `${path} was changed by somebody else`,
    why: 'it is not what it was when init read it',
    fix: 'xbuild init',
  })
}
