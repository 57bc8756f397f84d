import { existsSync } from 'node:fs'
import { readdir, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { Failure } from '../errors.ts'
import type { ImageFile, ImageFolder } from '../types.ts'
import { quoteWord } from '../util/quote-word.ts'
import type { PathMatcher } from './file-patterns.ts'

/** One entry of `[image] files`. */
export interface FileRule {
  /** Absolute path of a file or folder on this machine, a pattern of such, or a path with {platform} or {arch}. */
  readonly from: string
  /** Path in the image; with a trailing slash the folder that the file goes into, as COPY has it. */
  readonly to: string
  /** Permission bits of the files; absent: 0755 for what is executable in the project, else 0644. */
  readonly mode?: number
  /** UID:GID or names, of files and of copied folders; absent for root. */
  readonly owner?: string
  /** Patterns of what is left out, below `from`. */
  readonly exclude?: readonly string[]
  /** Whether each platform has a file of its own; with {platform} or {arch} in `from` it has. */
  readonly perPlatform?: boolean
  /** The key of xbuild.toml that it comes from, where that is not its entry of `[image] files`. */
  readonly key?: readonly string[]
}

/** What in a path stands for the platform. */
export const perPlatformPath = /\{(?:platform|arch)\}/

/** What the entries of `[image] files` stand for. */
export interface ProjectFiles {
  readonly files: readonly ImageFile[]
  /** The folders that were copied, empty ones too. */
  readonly folders: readonly ImageFolder[]
}

/** What is copied of a folder. */
interface Copy {
  readonly folder: string
  /** Folders that are never copied. */
  readonly leftOut: readonly string[]
  readonly excluded: PathMatcher
  /** Absent: everything. A folder that matches is copied with everything below it. */
  readonly wanted?: { readonly matches: PathMatcher; readonly depth: number }
}

/**
 * The files and folders below a folder, in byte order, with their places in the image.
 * @throws {Failure} usage, for a link to what is not copied too, and for what is neither file nor folder.
 */
export async function copyFolder(rule: FileRule, copy: Copy): Promise<ProjectFiles> {
  const { folder, leftOut, excluded, wanted } = copy
  const top = rule.to.replace(/\/+$/, '')
  const files: ImageFile[] = []
  const folders: ImageFolder[] = []
  /** Paths on this machine, folders too. */
  const copied = new Set<string>()
  const links: string[] = []
  await visit(folder, wanted === undefined)
  for (const path of links) {
    const link = await readlink(path)
    if (link.startsWith('/') || !copied.has(resolve(dirname(path), link))) {
      throw linkElsewhere(path, link, { from: rule.from, folder })
    }
  }
  return { files, folders }

  async function visit(path: string, whole: boolean): Promise<void> {
    if (leftOut.includes(path)) return
    if (whole) addFolder(path)
    const entries = await readdir(path, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))) {
      const inside = join(path, entry.name)
      const name = relative(folder, inside)
      if (excluded(name)) continue
      const isWanted = whole || wanted?.matches(name) === true
      const isAbove = name.split('/').length < (wanted?.depth ?? 0)
      if (entry.isDirectory() && (isWanted || isAbove)) await visit(inside, isWanted)
      else if (entry.isFile() && isWanted) await addFile(inside, name)
      else if (entry.isSymbolicLink() && isWanted) await addLink(inside, name)
      else if (isWanted) throw badFile(inside, 'it is neither a file nor a folder')
    }
  }

  function addFolder(path: string): void {
    copied.add(path)
    const target = join(top, '/', relative(folder, path)).replace(/\/+$/, '')
    if (target !== '') folders.push({ path: target, ...(rule.owner !== undefined && { owner: rule.owner }) })
  }

  async function addFile(path: string, name: string): Promise<void> {
    copied.add(path)
    files.push(imageFile(rule, `${top}/${name}`, path, (await stat(path)).mode))
  }

  async function addLink(path: string, name: string): Promise<void> {
    copied.add(path)
    links.push(path)
    const source = { link: await readlink(path) }
    files.push({ ...imageFile({ ...rule, mode: 0o777 }, `${top}/${name}`, path, 0), source })
  }
}

/** A file of the project with its place in the image. */
export function imageFile(
  { mode, owner }: FileRule,
  target: string,
  path: string,
  sourceMode: number,
): ImageFile {
  return {
    target,
    source: { path },
    mode: mode ?? ((sourceMode & 0o111) === 0 ? 0o644 : 0o755),
    ...(owner !== undefined && { owner }),
  }
}

export function badFile(path: string, why: string): Failure {
  return new Failure({
    kind: 'usage',
    what: 'A file of the image cannot be used',
    where: path,
    why,
    fix: 'correct "from" in [image] files',
  })
}

function linkElsewhere(
  path: string,
  link: string,
  { from, folder }: { readonly from: string; readonly folder: string },
): Failure {
  const name = relative(folder, path)
  const word = quoteWord(path)
  const replace = existsSync(path)
    ? `or replace it with what it points to:\ntarget=$(realpath ${word}) && rm ${word} && cp -r "$target" ${word}`
    : `or remove the link, for there is nothing that it points to:\nrm ${word}`
  return new Failure({
    kind: 'usage',
    what: `[image] files has a symbolic link to what is not copied with it: ${name} -> ${link}`,
    where: path,
    why: 'a link is kept where it is relative, and what it points to is copied by the same entry',
    fix: `exclude = [${JSON.stringify(name)}] in the entry from ${JSON.stringify(basename(from))}, ${replace}`,
  })
}
