import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type ElfFacts, readElfFile } from '../../binary/elf.ts'
import { Failure } from '../../errors.ts'
import { createBudget } from '../../image/read/bounds.ts'
import { streamSource } from '../../image/read/byte-source.ts'
import { decompress } from '../../image/read/decompress.ts'
import type { ImageSource } from '../../image/read/image-source.ts'
import { openImage } from '../../image/read/source.ts'
import { entryPath, readTar, type TarEntry } from '../../image/read/tar-read.ts'
import { entrypointPaths } from '../../image/verify/entrypoint.ts'
import { inspectImage } from '../../image/verify/inspect.ts'
import { type Descriptor, parseJson } from '../../oci/manifest.ts'

/** A file, folder or link of an image. */
export interface ImageEntry {
  readonly type: TarEntry['type']
  /** Permission bits. */
  readonly mode: number
  /** Bytes. */
  readonly size: number
  readonly link: string
  /** Of a file's content, in hex. */
  readonly sha256?: string
}

/** An image of one platform, whole. */
export interface WholeImage {
  /** `config` of its config file, as it is written. */
  readonly config: Readonly<Record<string, unknown>>
  /** By path without a leading slash. */
  readonly files: ReadonlyMap<string, ImageEntry>
  /** Bytes of config and layers as they are stored: what a pull moves. */
  readonly size: number
  /** The program that a container runs, where it is a file of the image. */
  readonly program?: { readonly path: string; readonly entry: ImageEntry; readonly elf?: ElfFacts }
}

/**
 * Reads an image of one platform from an archive: its config and every file of all layers together.
 * @param folder temporary, for the program
 * @throws {Failure} usage or verification, for what is no image.
 */
export async function readWholeImage(path: string, folder: string): Promise<WholeImage> {
  const source = await openImage(path)
  try {
    const { platforms } = await inspectImage(source)
    const [image] = platforms
    if (!image?.manifest || !image.config) throw unreadable(path)
    const { manifest, config } = image
    const bytes = await source.document(manifest.config)
    const raw = bytes && (parseJson(bytes, path)['config'] as Record<string, unknown> | undefined)
    const files = new Map<string, ImageEntry>()
    const budget = createBudget()
    for (const layer of manifest.layers) await addLayer(source, layer, files, budget.unpacked)
    const size = [manifest.config, ...manifest.layers].reduce((sum, one) => sum + one.size, 0)
    const programPath = entrypointPaths(config)
      .map(one => resolveLinks(one.slice(1), files))
      .find(one => files.get(one)?.type === 'file')
    const entry = programPath === undefined ? undefined : files.get(programPath)
    const elf =
      programPath === undefined ? undefined : await readProgram(source, manifest.layers, programPath, folder)
    return {
      config: raw ?? {},
      files,
      size,
      ...(programPath !== undefined &&
        entry && { program: { path: `/${programPath}`, entry, ...(elf && { elf }) } }),
    }
  } finally {
    await source.close()
  }
}

/** Puts a layer on those below it (image-spec layer.md). */
async function addLayer(
  source: ImageSource,
  layer: Descriptor,
  files: Map<string, ImageEntry>,
  count: (bytes: number) => void,
): Promise<void> {
  const own = new Set<string>()
  for await (const entry of readTar(
    streamSource(decompress(source.blob(layer), layer.digest)),
    layer.digest,
  )) {
    const path = entryPath(entry.name)
    if (path === undefined || path === '') continue
    const name = path.replace(/^.*\//, '')
    const folder = path.slice(0, path.length - name.length)
    if (name === '.wh..wh..opq') removeBelow(files, folder, own)
    else if (name.startsWith('.wh.')) {
      files.delete(`${folder}${name.slice('.wh.'.length)}`)
      removeBelow(files, `${folder}${name.slice('.wh.'.length)}/`, own)
    } else {
      count(entry.size)
      const target = entry.type === 'hardlink' ? files.get(entryPath(entry.link) ?? '') : undefined
      const { type, mode, size, link } = entry
      files.set(
        path,
        target ?? { type, mode, size, link, ...(type === 'file' && { sha256: await hash(entry) }) },
      )
      own.add(path)
    }
  }
}

function removeBelow(files: Map<string, ImageEntry>, folder: string, own: ReadonlySet<string>): void {
  for (const path of files.keys()) if (path.startsWith(folder) && !own.has(path)) files.delete(path)
}

async function hash(entry: TarEntry): Promise<string> {
  const sha256 = createHash('sha256')
  for await (const piece of entry.content()) sha256.update(piece)
  return sha256.digest('hex')
}

const mostLinks = 40

/** The path of a file behind symbolic links of its own and of its folders. */
function resolveLinks(path: string, files: ReadonlyMap<string, ImageEntry>): string {
  let parts = path.split('/')
  for (let links = 0; links < mostLinks; links++) {
    const at = parts.findIndex(
      (_, index) => files.get(parts.slice(0, index + 1).join('/'))?.type === 'symlink',
    )
    if (at < 0) break
    const { link } = files.get(parts.slice(0, at + 1).join('/')) as ImageEntry
    const from = link.startsWith('/') ? [] : parts.slice(0, at)
    const next: string[] = []
    for (const part of [...from, ...link.split('/'), ...parts.slice(at + 1)]) {
      if (part === '..') next.pop()
      else if (part !== '' && part !== '.') next.push(part)
    }
    parts = next
  }
  return parts.join('/')
}

/** The ELF headers of a file of the image, from the last layer that has it. */
async function readProgram(
  source: ImageSource,
  layers: readonly Descriptor[],
  path: string,
  folder: string,
): Promise<ElfFacts | undefined> {
  for (const layer of [...layers].reverse()) {
    const chunks = source.blob(layer)
    for await (const entry of readTar(streamSource(decompress(chunks, layer.digest)), layer.digest)) {
      if (entryPath(entry.name) !== path || entry.type !== 'file') continue
      const file = join(folder, 'program')
      await pipeline(entry.content(), createWriteStream(file))
      try {
        return readElfFile(file)
      } catch {
        // A script, or a file of another kind: its bytes are compared all the same.
        return undefined
      }
    }
  }
  return undefined
}

function unreadable(path: string): Failure {
  return new Failure({
    kind: 'verification',
    what: 'The image of one of the two builds cannot be read',
    where: path,
    why: 'it has no platform with a manifest and a config',
  })
}
