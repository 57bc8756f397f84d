import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, isFailure } from '../../errors.ts'
import { hashing } from '../../util/hash-stream.ts'
import { type Budget, bounds, createBudget, tooMuch } from '../read/bounds.ts'
import { streamSource } from '../read/byte-source.ts'
import { decompress } from '../read/decompress.ts'
import { entryPath, readTar, type TarEntry } from '../read/tar-read.ts'

/** What a layer holds. Paths have no leading slash. */
export interface LayerScan {
  /** The digest of the uncompressed layer. */
  readonly diffId: string
  readonly entries: ReadonlyMap<string, ScannedEntry>
  /** Paths that are removed from the layers below (image-spec layer.md, "Whiteouts"). */
  readonly whiteouts: ReadonlySet<string>
  /** Folders of which nothing below shows through. */
  readonly opaque: ReadonlySet<string>
  /** Entries whose names lead out of the image, which no tool should unpack. */
  readonly hostile: readonly string[]
}

export interface ScannedEntry {
  readonly type: TarEntry['type']
  /** Bytes. */
  readonly size: number
  readonly mode: number
  /** Where a link points to. */
  readonly link: string
  /** The content of a file that was wanted. */
  readonly captured?: CapturedFile
}

/** A file out of a layer, on this machine. */
export interface CapturedFile {
  readonly path: string
  /** In hex. */
  readonly sha256: string
}

/**
 * What a layer holds that was packed here, known without unpacking it.
 * @param files by path without leading slash
 */
export function packedScan(diffId: string, files: ReadonlyMap<string, ScannedEntry>): LayerScan {
  const entries = new Map(files)
  for (const path of files.keys()) addParents(entries, path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  return { diffId, entries, whiteouts: new Set(), opaque: new Set(), hostile: [] }
}

const maximumHostile = 20

/**
 * Reads a layer once, from its first byte to its last: which files it has, and the content of those that are wanted,
 * which goes to files in `folder`.
 * @param chunks the layer as it is stored; it checks its digest itself
 * @param budget what the image may still ask for
 * @throws {Failure} verification, when it is damaged, or asks for too much; UnreadableCompression
 */
export async function scanLayer(
  chunks: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<string>,
  folder: string,
  where: string,
  budget: Budget = createBudget(),
): Promise<LayerScan> {
  const hash = createHash('sha256')
  const stored = counting(chunks, budget.stored)
  const source = streamSource(hashing(counting(decompress(stored, where), budget.unpacked), hash))
  const entries = new Map<string, ScannedEntry>()
  const whiteouts = new Set<string>()
  const opaque = new Set<string>()
  const hostile: string[] = []
  for await (const entry of readTar(source, where)) {
    const path = entryPath(entry.name)
    budget.entry(path ?? entry.name, entry.link)
    if (path === undefined) {
      if (hostile.length < maximumHostile) hostile.push(entry.name.slice(0, 200))
      continue
    }
    if (path.split('/').length > bounds.depth) throw tooMuch(`folders more than ${bounds.depth} deep`, where)
    const slash = path.lastIndexOf('/') + 1
    const [parent, name] = [path.slice(0, Math.max(0, slash - 1)), path.slice(slash)]
    if (name === '.wh..wh..opq') opaque.add(parent)
    else if (name.startsWith('.wh.')) whiteouts.add(path.slice(0, slash) + name.slice('.wh.'.length))
    else {
      const { type, size, mode, link } = entry
      const captured = type === 'file' && wanted.has(path) ? await capture(entry, folder, budget) : undefined
      entries.set(path, { type, size, mode, link, ...(captured && { captured }) })
      addParents(entries, parent, budget)
    }
  }
  // What follows the end of the archive counts for the digests.
  await source.drain()
  return { diffId: `sha256:${hash.digest('hex')}`, entries, whiteouts, opaque, hostile }
}

let captures = 0

async function capture(entry: TarEntry, folder: string, budget: Budget): Promise<CapturedFile> {
  budget.captured(entry.size)
  const path = join(folder, `file-${++captures}`)
  const hash = createHash('sha256')
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      for await (const chunk of hashing(entry.content(), hash)) await file.writeFile(chunk)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw isFailure(error) ? error : cannotKeep(folder, error as NodeJS.ErrnoException)
  }
  return { path, sha256: hash.digest('hex') }
}

/** What a stream of an image throws is a Failure, so anything else is the file system's. */
function cannotKeep(folder: string, error: NodeJS.ErrnoException): Failure {
  return new Failure({
    kind: 'image',
    what: 'A file of the image cannot be kept while it is checked',
    where: folder,
    why: error.message,
    fix: 'TMPDIR=/a/folder/with/room',
    cause: error,
  })
}

const impliedFolder: ScannedEntry = { type: 'directory', size: 0, mode: 0o755, link: '' }

async function* counting(chunks: AsyncIterable<Uint8Array>, count: (bytes: number) => void) {
  for await (const chunk of chunks) {
    count(chunk.length)
    yield chunk
  }
}

/** Folders that a path implies without an entry of their own. */
function addParents(entries: Map<string, ScannedEntry>, parent: string, budget?: Budget): void {
  for (
    let path = parent;
    path !== '' && !entries.has(path);
    path = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  ) {
    budget?.entry(path, '')
    entries.set(path, impliedFolder)
  }
}
