import { stat } from 'node:fs/promises'
import { writeFileAtomically } from './atomic.ts'
import { readBytes } from './read-file.ts'

/** Runs `work`, and gives files that it rewrote their content back; one that it removed or made is left so. */
export async function withFilesKept<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
  const before = await Promise.all(paths.map(path => readBytes(path).catch(() => undefined)))
  try {
    return await work()
  } finally {
    for (const [index, bytes] of before.entries()) {
      const path = paths[index]
      if (path === undefined || bytes === undefined) continue
      const now = await readBytes(path).catch(() => undefined)
      if (!now || now.equals(bytes)) continue
      const { mode } = await stat(path)
      await writeFileAtomically(path, bytes, { mode: mode & 0o777 }).catch(() => {})
    }
  }
}
