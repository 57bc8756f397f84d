import { readFile, writeFile } from 'node:fs/promises'
import type { Edit } from '../languages/bench-language.ts'

/**
 * Changes one line of the staged copy for the time of a run.
 * @param measurement its id, so that the line was never built before: a builder knows the sources of every earlier
 * measurement, and would answer from its cache.
 */
export function openEdit(edit: Edit | undefined, measurement: string) {
  let changes = 0
  return {
    /** Runs `work`, on the changed source where `changed` says so; the source is as before afterwards. */
    async during<T>(changed: boolean, work: () => Promise<T>): Promise<T> {
      if (!changed || !edit) return work()
      const before = await readFile(edit.file)
      changes += 1
      await writeFile(
        edit.file,
        Buffer.concat([before, Buffer.from(`\n${edit.line(`${measurement} ${changes}`)}\n`)]),
      )
      try {
        return await work()
      } finally {
        await writeFile(edit.file, before)
      }
    },
  }
}
