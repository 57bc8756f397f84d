import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { Failure } from '../errors.ts'
import type { ImageFile, ImageFolder } from '../types.ts'

/** One entry of `[image] files`. */
export interface FileRule {
  /** Absolute path of a file or folder on this machine. */
  readonly from: string
  /** Path in the image; with a trailing slash the folder that the file goes into, as COPY has it. */
  readonly to: string
  /** Permission bits of the files; absent: 0755 for what is executable in the project, else 0644. */
  readonly mode?: number
}

/** What the entries of `[image] files` stand for. */
export interface ProjectFiles {
  readonly files: readonly ImageFile[]
  /** The folders that were copied, empty ones too. */
  readonly folders: readonly ImageFolder[]
}

/** What looking for files needs to know. */
interface Search {
  /** Absolute folder of the project, which a link among its files may not leave. */
  readonly root: string
  /** Folders that are never copied: xbuild's own outputs. */
  readonly leftOut: readonly string[]
}

/**
 * The files that entries of `[image] files` stand for. A folder is copied with everything below it, in byte order, and
 * its contents go to `to`, as with COPY in a Dockerfile. Mode bits other than "executable" are not kept: they depend on
 * the umask of whoever checked the project out.
 * @throws {Failure} usage, for what is missing, for a link in a folder, and for what is neither file nor folder.
 */
export async function findProjectFiles(rules: readonly FileRule[], search: Search): Promise<ProjectFiles> {
  const files: ImageFile[] = []
  const folders: ImageFolder[] = []
  for (const rule of rules) {
    const real = await realProjectPath(rule.from, search.root)
    const found = await stat(real)
    if (found.isFile()) files.push(imageFile(rule, targetOfFile(rule), rule.from, found.mode))
    else if (found.isDirectory()) await walk(rule.from, rule.to.replace(/\/+$/, ''), rule)
    else throw badFile(rule.from, 'it is neither a file nor a folder')
  }
  return { files, folders }

  async function walk(folder: string, target: string, rule: FileRule): Promise<void> {
    if (search.leftOut.includes(folder)) return
    if (target !== '') folders.push({ path: target })
    const entries = await readdir(folder, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))) {
      const path = join(folder, entry.name)
      const inImage = `${target}/${entry.name}`
      if (entry.isDirectory()) await walk(path, inImage, rule)
      else if (entry.isFile()) files.push(imageFile(rule, inImage, path, (await stat(path)).mode))
      else if (entry.isSymbolicLink()) throw linkInFolder(path, rule.from)
      else throw badFile(path, 'it is neither a file nor a folder')
    }
  }
}

function targetOfFile({ from, to }: FileRule): string {
  return to.endsWith('/') ? `${to.replace(/\/+$/, '')}/${basename(from)}` : to
}

function imageFile({ mode }: FileRule, target: string, path: string, sourceMode: number): ImageFile {
  return { target, source: { path }, mode: mode ?? ((sourceMode & 0o111) === 0 ? 0o644 : 0o755) }
}

/**
 * The real path of a file of the project that goes into an image.
 * @throws {Failure} usage, when it is missing, no regular file, or a path inside the project that a link leads out of it:
 * the image would carry whatever file of this machine the link happens to point to.
 */
export async function checkProjectFile(path: string, root: string): Promise<string> {
  const real = await realProjectPath(path, root)
  if (!(await stat(real)).isFile()) throw badFile(path, 'it is no regular file')
  return real
}

async function realProjectPath(path: string, root: string): Promise<string> {
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    throw badFile(path, error.code === 'ENOENT' ? 'there is no such file or folder' : error.message)
  })
  if (isInside(path, resolve(root)) && !isInside(real, await realpath(root))) {
    throw badFile(path, `it is a link to ${real}, outside the project`)
  }
  return real
}

function isInside(path: string, folder: string): boolean {
  const below = relative(folder, path)
  return below !== '..' && !below.startsWith(`..${sep}`)
}

function badFile(path: string, why: string): Failure {
  return new Failure({
    kind: 'usage',
    what: 'A file of the image cannot be used',
    where: path,
    why,
    fix: 'correct "from" in [image] files',
  })
}

function linkInFolder(path: string, folder: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `The folder ${basename(folder)} of [image] files has a symbolic link in it`,
    where: path,
    why: 'folders are copied as they are, and what a link points to may not be in the image',
    fix: `replace the link with what it points to: cp --remove-destination "$(realpath ${path})" ${path}`,
  })
}
