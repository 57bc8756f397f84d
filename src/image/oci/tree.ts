import { Failure } from '../../errors.ts'
import type { TarHeader } from './tar.ts'

/** A file on the host; `sha256` (hex) where it is known already, which saves reading it again. */
export interface HostFile {
  readonly path: string
  readonly sha256?: string
}

/** An entry of a layer, its content still where it is. Directories have none. */
export interface LayerEntry extends Omit<TarHeader, 'size'> {
  readonly content?: HostFile | Buffer
}

/** A file to be put into a layer, by its absolute path in the image. */
export interface LayerFile {
  readonly target: string
  readonly mode: number
  readonly content: HostFile
}

/** What every entry of a layer of ours shares. */
const owner = { uid: 0, gid: 0 }

/**
 * The entries of a layer that holds `files`: their parents come first, mode 0755, in the order in which BuildKit walks
 * a folder (each folder's names in byte order), everything owned by root with the same time.
 * @throws {Failure} usage, for a path that cannot be in a layer, two files in one place, or a file below a file.
 */
export function layerEntries(files: readonly LayerFile[], epoch: number): LayerEntry[] {
  const entries = new Map<string, LayerEntry>()
  for (const { target, mode, content } of files) {
    const name = targetName(target)
    const parts = name.split('/')
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/')
      if (entries.get(parent)?.type === 'file') throw clash(target, `/${parent} is a file of the image too`)
      entries.set(parent, { name: `${parent}/`, type: 'directory', mode: 0o755, ...owner, mtime: epoch })
    }
    const existing = entries.get(name)
    if (existing) {
      throw clash(target, existing.type === 'file' ? 'two files have this path' : 'other files are below it')
    }
    entries.set(name, { name, type: 'file', mode, ...owner, mtime: epoch, content })
  }
  return [...entries].sort(([a], [b]) => comparePaths(a, b)).map(([, entry]) => entry)
}

/** Byte order of UTF-8, name by name, as a walk through folders visits them: `a/b` before `a-b`. */
function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a.replaceAll('/', '\0')), Buffer.from(b.replaceAll('/', '\0')))
}

/** The name in the layer of an absolute path in the image. */
function targetName(target: string): string {
  const refuse = (why: string) =>
    new Failure({
      kind: 'usage',
      what: 'A file of the image has a path that no layer can hold',
      where: JSON.stringify(target),
      why,
      fix: 'use a plain absolute path, such as /usr/local/bin/app',
    })
  if (!target.startsWith('/')) throw refuse('it is not absolute')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\x00-\x1f\x7f]/.test(target)) throw refuse('it holds a control character')
  const parts = target.slice(1).split('/')
  if (parts.includes('')) throw refuse('it has an empty part or ends in "/"')
  if (parts.includes('.') || parts.includes('..')) throw refuse('it holds "." or ".."')
  // image-spec layer.md, "Whiteouts": such a name would delete a file of the base
  if (parts.some(part => part.startsWith('.wh.'))) throw refuse('names that begin with ".wh." delete files')
  return parts.join('/')
}

function clash(target: string, why: string): Failure {
  return new Failure({
    kind: 'usage',
    what: 'Two files of the image are in the way of each other',
    where: target,
    why,
  })
}
