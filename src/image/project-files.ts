import { realpath, stat } from 'node:fs/promises'
import { basename, relative, resolve, sep } from 'node:path'
import { Failure } from '../errors.ts'
import type { Platform } from '../platforms.ts'
import {
  badFile,
  copyFolder,
  type FileRule,
  imageFile,
  type ProjectFiles,
  perPlatformPath,
} from './copy-folder.ts'
import { depthOf, isPattern, pathMatcher, splitPattern } from './file-patterns.ts'

/** What looking for files needs to know. */
interface Search {
  /** Absolute folder of the project, which a link among its files may not leave. */
  readonly root: string
  /** Folders that are never copied: xbuild's own outputs. */
  readonly leftOut: readonly string[]
  readonly platforms?: readonly Platform[]
}

/**
 * The files that entries of `[image] files` stand for. A folder is copied with everything below it, in byte order, and
 * its contents go to `to`, as with COPY in a Dockerfile; so does what matches a pattern, with its path below the folder in
 * which the pattern begins. Mode bits other than "executable" are not kept: they depend on the umask of whoever checked the
 * project out. A link in a folder is kept where what it points to is copied too.
 * @throws {Failure} usage, for what is missing, for a link to something else, and for what is neither file nor folder.
 */
export async function findProjectFiles(rules: readonly FileRule[], search: Search): Promise<ProjectFiles> {
  const found = await Promise.all(
    rules.map((rule, at) =>
      findFiles(rule, search).catch(error => {
        const key = rule.key ?? ['image', 'files', at, 'from']
        throw error instanceof Failure ? error.with({ key: error.key ?? key }) : error
      }),
    ),
  )
  return { files: found.flatMap(({ files }) => files), folders: found.flatMap(({ folders }) => folders) }
}

async function findFiles(rule: FileRule, search: Search): Promise<ProjectFiles> {
  if (rule.perPlatform || perPlatformPath.test(rule.from)) return perPlatform(rule, search)
  const real = await realProjectPath(rule.from, search.root).catch(error => {
    if (isPattern(rule.from)) return undefined
    throw error
  })
  if (real === undefined) return matching(rule, search)
  const found = await stat(real)
  if (found.isFile())
    return { files: [imageFile(rule, targetOfFile(rule), rule.from, found.mode)], folders: [] }
  if (found.isDirectory())
    return copyFolder(rule, { folder: rule.from, excluded: await pathMatcher(rule.exclude ?? []), ...search })
  throw badFile(rule.from, 'it is neither a file nor a folder')
}

/** What matches a pattern; a folder that does is copied whole. */
async function matching(rule: FileRule, search: Search): Promise<ProjectFiles> {
  const { folder, pattern } = splitPattern(rule.from)
  await realProjectPath(folder, search.root)
  const excluded = await pathMatcher(rule.exclude ?? [])
  const wanted = { matches: await pathMatcher([pattern]), depth: depthOf(pattern) }
  const found = await copyFolder(rule, { folder, excluded, wanted, ...search })
  if (found.files.length > 0 || found.folders.length > 0) return found
  throw badFile(rule.from, 'nothing matches this pattern')
}

/** A file for each platform, of the path with the platform filled in. */
async function perPlatform(rule: FileRule, { root, platforms = [] }: Search): Promise<ProjectFiles> {
  if (rule.owner !== undefined)
    throw badFile(rule.from, 'a file of one platform belongs to root: take owner out')
  const paths = await Promise.all(
    platforms.map(async ({ id, arch }) => {
      const path = rule.from.replaceAll('{platform}', id).replaceAll('{arch}', arch)
      return [id, await checkProjectFile(path, root)] as const
    }),
  )
  const modes = await Promise.all(paths.map(async ([, path]) => (await stat(path)).mode))
  const mode = modes.every(one => (one & 0o111) !== 0) ? 0o755 : 0o644
  const file = imageFile(rule, targetOfFile(rule), rule.from, mode)
  return { files: [{ ...file, source: { paths: Object.fromEntries(paths) } }], folders: [] }
}

function targetOfFile({ from, to }: FileRule): string {
  return to.endsWith('/') ? `${to.replace(/\/+$/, '')}/${basename(from)}` : to
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
