import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { run } from '../../process.ts'

/** Node.js has zstd since 22.15; the Action runs on 24. */
const zstd = zlib as unknown as {
  createZstdCompress?: (options: object) => Transform
  createZstdDecompress?: () => Transform
}

/** How archives are compressed here; part of what finds them again. */
export const compression: 'zstd' | 'gzip' = zstd.createZstdCompress ? 'zstd' : 'gzip'

/**
 * Writes an archive of files by their absolute paths, with their mtimes, by the system's tar.
 * @param folders absolute; they are in the archive even if empty, so that it can be asked for them
 */
export async function packFiles(
  file: string,
  folders: readonly string[],
  files: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const list = `${file}.list`
  const plain = `${file}.tar`
  await Promise.all(folders.map(folder => mkdir(folder, { recursive: true })))
  await writeFile(list, [...folders, ...files].map(path => `${path.replace(/^\/+/, '')}\0`).join(''))
  const args = ['-c', '-f', plain, '-C', '/', '--no-recursion', '--null', '-T', list]
  // 1: a file changed while it was read, such as one that a compiler's daemon still writes.
  await tar(args, signal, [0, 1])
  const pack = zstd.createZstdCompress?.({}) ?? zlib.createGzip({ level: 4 })
  await pipeline(createReadStream(plain), pack, createWriteStream(file))
}

/** Unpacks an archive of `packFiles`: only what is below the folders. */
export async function unpackFiles(
  file: string,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const plain = `${file}.tar`
  const unpack = zstd.createZstdDecompress?.() ?? zlib.createGunzip()
  await pipeline(createReadStream(file), unpack, createWriteStream(plain))
  const members = folders.map(folder => folder.replace(/^\/+/, ''))
  await tar(['-x', '-f', plain, '-C', '/', ...members], signal, [0])
}

async function tar(args: readonly string[], signal: AbortSignal, good: readonly number[]): Promise<void> {
  const result = await run({ tool: 'tar', args, cwd: '/' }, { signal })
  if (result.exitCode === undefined || !good.includes(result.exitCode)) {
    throw new Error(`tar ended with ${result.exitCode ?? result.signal}: ${result.stderr.trim().slice(-500)}`)
  }
}
