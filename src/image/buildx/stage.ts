import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, open, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, isFailure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import type { ImageFile, ImageSpec } from '../../types.ts'
import { writeAll } from '../../util/atomic.ts'
import { hashFile } from '../../util/hash-file.ts'
import { aroundLayer, filesLayer, isPerPlatform, programFolders } from '../layers.ts'
import { fileTime, folderMode } from '../paths.ts'
import { type HostFile, type LayerEntry, measureEntries, tarBlocks } from '../tar-stream.ts'
import { checkTargets } from '../targets.ts'

/** The tar streams of a build context that ADD unpacks: COPY would make everything root's. */
export const filesTar = 'files.tar'
export const foldersTar = 'folders.tar'

/** A file of the build context. */
export interface StagedFile {
  /** Of the platform's own tree; absent for what is in the tar stream that all platforms share. */
  readonly platform?: Platform
  /** Below the context's folder: `linux/arm64/rootfs/usr/local/bin/app`, `files.tar/etc/app.conf`. */
  readonly path: string
  readonly file: ImageFile
}

/** What staging needs besides the spec. */
export interface StageOptions {
  /** The folder that becomes the build context; it is made. */
  readonly dir: string
  /** The file on the host that a file of a platform's own is made of. */
  readonly file: (file: ImageFile, platform: Platform) => HostFile
  /** Absolute folder of the project, which a link among the project's own files may not leave. */
  readonly root: string
}

/**
 * The folder of a platform's tree. `rootfs` keeps linux/amd64 and linux/amd64/v3 apart: the one would else hold the other.
 */
function treeOf({ id }: Platform): string {
  return `${id}/rootfs`
}

/**
 * The files of the build context of an image: those that all platforms share, and one tree for each platform, in the folder
 * that TARGETPLATFORM names, as they will be in the image.
 * @throws {Failure} usage, for a path that cannot be in an image, two files in one place, or a file below a file.
 */
export function stagedFiles(spec: ImageSpec): StagedFile[] {
  checkTargets(spec)
  const own = spec.files.filter(isPerPlatform)
  const shared = spec.files.filter(file => !isPerPlatform(file))
  return [
    ...shared.map(file => ({ path: filesTar + file.target, file })),
    ...spec.platforms.flatMap(platform =>
      own.map(file => ({ platform, path: treeOf(platform) + file.target, file })),
    ),
  ]
}

/**
 * Writes the build context of an image. Modes and times are fixed, whatever the umask and the sources' own; the sources
 * are left as they are.
 * @returns a digest of the content. BuildKit keeps the files of earlier contexts
 * by the name of the context's folder, fetches only those of another size or time, and leaves folders with the time at
 * which something in them changed (tonistiigi/fsutil, sameFile and DiskWriter), so this belongs into the folder's name.
 * @throws {Failure} usage, when a file of the project is missing, no regular file, or a link that leaves the project;
 * image, when the file system refuses.
 */
export async function stageContext(spec: ImageSpec, options: StageOptions): Promise<string> {
  try {
    const content = createHash('sha256')
    await mkdir(options.dir, { recursive: true })
    await writeTar(join(options.dir, filesTar), await filesLayer(spec, options.root), content)
    await writeTrees(spec, options, content)
    await writeTar(join(options.dir, foldersTar), aroundLayer(spec), content)
    return content.digest('hex').slice(0, 16)
  } catch (error) {
    if (isFailure(error) || !(error as NodeJS.ErrnoException).code) throw error
    throw new Failure({
      kind: 'image',
      what: 'The build context cannot be written',
      where: options.dir,
      why: (error as Error).message,
      fix: 'set TMPDIR to a folder with enough room that can be written to',
      cause: error,
    })
  }
}

/** Bytes that are written at once. */
const blockSize = 512 * 1024

async function writeTar(path: string, entries: readonly LayerEntry[], content: Hash): Promise<void> {
  if (entries.length === 0) return
  const measured = await measureEntries(entries)
  const free: Buffer[] = []
  const file = await open(path, 'wx')
  try {
    for await (const block of tarBlocks(measured, blockSize, free)) {
      content.update(block)
      await writeAll(file, block)
      if (block.length === blockSize) free.push(block)
    }
  } finally {
    await file.close()
  }
  await fix(path, 0o644)
}

async function writeTrees(spec: ImageSpec, options: StageOptions, content: Hash): Promise<void> {
  const folders = programFolders(spec)
  content.update(folders.join('\n'))
  for (const platform of spec.platforms) {
    const top = join(options.dir, treeOf(platform))
    await mkdir(top, { recursive: true })
    for (const folder of folders) await mkdir(top + folder)
    for (const file of spec.files.filter(isPerPlatform)) {
      const target = top + file.target
      // By reference where the file system can. A hard link would share its mode and time with the source.
      const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants
      const { path, sha256 } = options.file(file, platform)
      await copyFile(path, target, COPYFILE_EXCL | COPYFILE_FICLONE)
      await fix(target, file.mode)
      content.update(
        `${treeOf(platform)}${file.target}\0${file.mode}\0${sha256 ?? (await hashFile(target))}\n`,
      )
    }
    // Innermost first, once everything is inside: writing into a folder sets its time.
    for (const folder of folders.toReversed()) await fix(top + folder, folderMode(folder))
    await fix(top, 0o755)
  }
}

async function fix(path: string, mode: number): Promise<void> {
  await chmod(path, mode)
  await utimes(path, fileTime, fileTime)
}
