import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, isFailure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import type { ImageFile, ImageSpec } from '../../types.ts'
import { hashFile } from '../../util/hash-file.ts'
import { foldersTar, ownedFolders, ownedTar } from '../owned-folders.ts'
import { fileTime, folderMode, imageFolders } from '../paths.ts'
import { checkProjectFile } from '../project-files.ts'
import { checkTargets } from '../targets.ts'

/** A file of the build context. */
export interface StagedFile {
  readonly platform: Platform
  /** Below the context's folder: `linux/arm64/rootfs/usr/local/bin/app`. */
  readonly path: string
  readonly file: ImageFile
}

/** What staging needs besides the spec. */
export interface StageOptions {
  /** The folder that becomes the build context; it is made. */
  readonly dir: string
  /** The file on the host that a file of the image is made of. */
  readonly file: (file: ImageFile, platform: Platform) => string
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
 * The files of the build context of an image: one tree for each platform, in the folder that TARGETPLATFORM names, as
 * they will be in the image.
 * @throws {Failure} usage, for a path that cannot be in an image, two files in one place, or a file below a file.
 */
export function stagedFiles(spec: ImageSpec): StagedFile[] {
  checkTargets(spec)
  return spec.platforms.flatMap(platform =>
    spec.files.map(file => ({ platform, path: treeOf(platform) + file.target, file })),
  )
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
    return await writeTree(spec, stagedFiles(spec), options)
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

async function writeTree(
  spec: ImageSpec,
  files: readonly StagedFile[],
  options: StageOptions,
): Promise<string> {
  const folders = imageFolders(spec)
  const content = createHash('sha256').update(folders.join('\n'))
  const tops = spec.platforms.map(platform => join(options.dir, treeOf(platform)))
  for (const top of tops) {
    await mkdir(top, { recursive: true })
    for (const folder of folders) await mkdir(top + folder)
  }
  for (const { path, platform, file } of files) {
    const source = options.file(file, platform)
    const target = join(options.dir, path)
    // By reference where the file system can. A hard link would share its mode and time with the source.
    const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants
    await copyFile(
      'path' in file.source ? await checkProjectFile(source, options.root) : source,
      target,
      COPYFILE_EXCL | COPYFILE_FICLONE,
    )
    await fix(target, file.mode)
    content.update(`${path}\0${file.mode}\0${await hashFile(target)}\n`)
  }
  const owned = ownedTar(spec)
  if (ownedFolders(spec).length > 0) {
    const target = join(options.dir, foldersTar)
    await writeFile(target, owned)
    await fix(target, 0o644)
    content.update(owned)
  }
  // Innermost first, once everything is inside: writing into a folder sets its time.
  for (const top of tops) {
    for (const folder of folders.toReversed()) await fix(top + folder, folderMode(folder))
    await fix(top, 0o755)
  }
  return content.digest('hex').slice(0, 16)
}

async function fix(path: string, mode: number): Promise<void> {
  await chmod(path, mode)
  await utimes(path, fileTime, fileTime)
}
