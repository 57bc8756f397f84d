import { realpath } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { Failure } from '../../../errors.ts'

/** A file or folder that a compile reads, by what the project's own files and flags say. */
export interface ReadPath {
  /** Absolute. */
  readonly path: string
  /** What names it: `replace in /src/app/go.mod`. */
  readonly by: string
}

/** Whether a path is a folder or below it. */
export function isWithin(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way)
}

/**
 * Makes sure that a builder gets all that the compile reads, before anything is sent. A link that leads out of the folder
 * does so as much as a path.
 * @throws {Failure} usage, naming the first one that lies outside of `root`.
 */
export async function checkReads(root: string, reads: readonly ReadPath[]): Promise<void> {
  const real = await realPath(root)
  for (const { path, by } of reads) {
    const target = await realPath(path)
    if (isWithin(root, path) && (target === undefined || real === undefined || isWithin(real, target)))
      continue
    throw new Failure({
      kind: 'usage',
      what: `The compile reads ${path}, which the builder does not get`,
      where: by,
      why: `${isWithin(root, path) ? `it is a link to ${target}, and ` : ''}only ${root} is sent to it`,
      fix: '--compile-on host, or move both into one repository: of a git repository everything is sent',
    })
  }
}

const realPath = (path: string) => realpath(path).catch(() => undefined)
