import { constants, createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../errors.ts'
import { maximumManifest } from '../../oci/manifest.ts'
import { bounds, tooMuch } from './bounds.ts'
import { fileSource } from './byte-source.ts'
import { entryPath, readTar } from './tar-read.ts'

/** The files of a layout, be it a folder or a tar archive of one. */
export interface LayoutFiles {
  /** A regular file by its path inside; undefined where there is none. */
  find(path: string): Promise<LayoutFile | undefined>
  close(): Promise<void>
}

interface LayoutFile {
  /** Bytes. */
  readonly size: number
  read(): AsyncIterable<Uint8Array>
}

/** The files of a folder. */
export function folderFiles(folder: string): LayoutFiles {
  return {
    async find(path) {
      const full = join(folder, path)
      const found = await stat(full).catch(error => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
        throw unreadable(full, error)
      })
      if (!found?.isFile()) return undefined
      return { size: found.size, read: () => createReadStream(full, { highWaterMark: 256 * 1024 }) }
    },
    close: async () => {},
  }
}

/** Links inside an archive are followed so many times; `docker save` of old shares layers by symbolic links. */
const maximumLinks = 8

/**
 * The files of a tar archive, which is read in place: only where each file begins is kept.
 * @throws {Failure} verification, when it is no tar archive, or a damaged one.
 */
export async function archiveFiles(path: string): Promise<LayoutFiles> {
  // Without O_NONBLOCK the opening of a FIFO waits for its writer.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  const handle = await open(path, flags).catch(error => {
    throw unreadable(path, error)
  })
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw unreadable(path, new Error('it is no regular file'))
    const { size } = found
    await refuseCompressed(path, await fileSource(handle, size).read(4))
    const files = new Map<string, { offset: number; size: number }>()
    const links = new Map<string, string>()
    for await (const entry of readTar(fileSource(handle, size), path)) {
      const name = entryPath(entry.name)
      if (name === undefined) continue
      if (files.size + links.size >= bounds.archiveEntries) {
        throw tooMuch(`more than ${bounds.archiveEntries} files in its archive`, path)
      }
      if (entry.type === 'file') files.set(name, { offset: entry.offset, size: entry.size })
      else if (entry.type === 'hardlink') links.set(name, entry.link)
      else if (entry.type === 'symlink') links.set(name, `${name.replace(/[^/]*$/, '')}${entry.link}`)
    }
    return {
      async find(wanted) {
        let name: string | undefined = wanted
        for (let followed = 0; followed < maximumLinks && name !== undefined; followed++) {
          const file = files.get(name)
          if (file) {
            return { size: file.size, read: () => fileSource(handle, size, file.offset).pieces(file.size) }
          }
          name = normalize(links.get(name))
        }
        return undefined
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** A blob that a manifest names and that is nowhere. */
export function missingBlob(name: string, digest: string): Failure {
  return new Failure({
    kind: 'verification',
    what: 'A part of the image is missing',
    where: name,
    why: `${digest} is named by a manifest and is not there`,
    fix: 'push or write the image again',
  })
}

/**
 * A whole file of JSON; undefined where there is none.
 * @throws {Failure} verification, when it is too large to be that.
 */
export async function readSmall(files: LayoutFiles, path: string, name: string): Promise<Buffer | undefined> {
  const file = await files.find(path)
  if (!file) return undefined
  if (file.size <= maximumManifest) return buffer(file.read())
  throw new Failure({
    kind: 'verification',
    what: 'Malformed image metadata',
    where: `${name}/${path}`,
    why: `it has ${file.size} bytes, and no more than ${maximumManifest} are read`,
  })
}

/** A link's path inside the archive: "a/../b" is "b". */
function normalize(link: string | undefined): string | undefined {
  const parts: string[] = []
  for (const part of link?.split('/') ?? []) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return link === undefined ? undefined : parts.join('/')
}

const compressors: readonly (readonly [magic: string, unpack: string])[] = [
  ['1f8b', 'gunzip'],
  ['28b52ffd', 'unzstd'],
  ['fd377a58', 'unxz'],
]

async function refuseCompressed(path: string, start: Uint8Array): Promise<void> {
  const hex = Buffer.from(start).toString('hex')
  const unpack = compressors.find(([magic]) => hex.startsWith(magic))?.[1]
  if (unpack === undefined) return
  throw new Failure({
    kind: 'usage',
    what: 'The archive is compressed',
    where: path,
    why: 'an archive is read in place, which its compression does not allow; its layers are compressed anyway',
    fix: `${unpack} ${path}`,
  })
}

function unreadable(path: string, error: NodeJS.ErrnoException): Failure {
  return new Failure({ kind: 'usage', what: `${path} cannot be read`, why: error.message, cause: error })
}
