import { join, resolve } from 'node:path'
import { packagePaths } from '../../../languages/zig/project.ts'
import type { ReadPath } from './read-path.ts'

/** The packages that a Zig project names by path, and those that they name. */
export async function zigReads(dir: string): Promise<ReadPath[]> {
  const reads: ReadPath[] = []
  const seen = new Set<string>()
  for (const queue = [dir]; queue.length > 0; ) {
    const folder = queue.shift() as string
    if (seen.has(folder)) continue
    seen.add(folder)
    const file = join(folder, 'build.zig.zon')
    const folders = (await packagePaths(file)).map(path => resolve(folder, path))
    reads.push(...folders.map(path => ({ path, by: file })))
    queue.push(...folders)
  }
  return reads
}
