import { posix } from 'node:path'
import { type LinkedFolders, linkedFolderOf, linkedFolders, withoutLinks } from '../base/distributions.ts'
import { Failure } from '../errors.ts'
import type { BaseChoice } from '../types.ts'

/**
 * The modification time of every file and folder of the image, in seconds since 1970. It is the same for every build,
 * and not the time of the commit: BuildKit's cache of COPY goes by content and mode, not by time, so a time that moves
 * would make the layer depend on what the builder happens to have built before. Go's net/http takes 1970 for "not known".
 */
export const fileTime = 0

/** Folders of the usual bases whose mode is not 0755. A layer that names a folder sets its mode anew. */
const folderModes: Readonly<Record<string, number>> = {
  '/tmp': 0o1777,
  '/var/tmp': 0o1777,
  '/root': 0o700,
}

/** The permission bits of a folder of the image. */
export function folderMode(path: string): number {
  return folderModes[path] ?? 0o755
}

/** Folders that the usual bases have already, some of them owned by another user than root. */
export const baseFolders: readonly string[] = ['/', '/home', '/home/nonroot', ...Object.keys(folderModes)]

/** The folders that a layer must hold for a path: its parents below /, outermost first. */
export function parentFolders(path: string): string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`)
}

/** The path that a symbolic link of the image points to; one that leads out of the root folder is returned as it is. */
export function linkedPath(target: string, link: string): string {
  if (link === '' || link.startsWith('/')) return link
  const up = link.split('/').filter(name => name === '..').length
  return up > parentFolders(target).length ? link : posix.join(posix.dirname(target), link)
}

/**
 * Checks a path of the image, given by a person: absolute, normalised, with no name that a layer or a Dockerfile would
 * read as something else (image-spec layer.md: a name that begins with `.wh.` deletes files), and below no link of the base.
 * @throws {Failure} usage
 */
export function checkImagePath(path: string, key: Key = ['files'], base?: BaseChoice): void {
  const why = pathProblem(path)
  if (why !== undefined) throw notAPath(path, key, why)
  if (base) checkNotBelowLink(path, linkedFolders(base), key)
}

/**
 * Checks that a path of the image is below no link of its base, which would become a folder.
 * @throws {Failure} usage, with the path to use instead.
 */
export function checkNotBelowLink(path: string, linked: LinkedFolders, key: Key = ['files']): void {
  const folder = linkedFolderOf(path, linked)
  if (folder === undefined) return
  const why = `${folder} is a link to ${linked[folder]} in this base, which a file below it would replace`
  throw notAPath(path, key, why, linked)
}

/**
 * The working directory of an image: any folder, the root too, without a trailing slash.
 * @throws {Failure} usage, for what is no path, as checkImagePath.
 */
export function checkWorkdir(workdir: string): string {
  if (/^\/+$/.test(workdir)) return '/'
  const path = workdir.replace(/\/+$/, '')
  const why = pathProblem(path) ?? backslashProblem(path)
  if (why !== undefined) throw notAPath(workdir, ['workdir'], why)
  return path
}

/**
 * Checks the "to" of an entry of `[image] files`, which may end in a slash.
 * @throws {Failure} usage, as checkImagePath.
 */
export function checkDestination(to: string, at: number): void {
  if (to === '/') return
  const why = pathProblem(to.replace(/\/$/, '')) ?? backslashProblem(to)
  if (why !== undefined) throw notAPath(to, ['files', at, 'to'], why)
}

/** Below `[image]`. */
type Key = readonly [string, ...(string | number)[]]

function notAPath(path: string, key: Key, why: string, linked: LinkedFolders = {}): Failure {
  return new Failure({
    kind: 'usage',
    what: `${JSON.stringify(path)} cannot be a path in the image`,
    where: `[image] ${key[0]}`,
    key: ['image', ...key],
    why,
    fix: `use an absolute path such as ${suggestPath(path, linked)}`,
  })
}

/** Files with a backslash in their names exist; in a path that somebody writes it is a slip. */
function backslashProblem(path: string): string | undefined {
  return path.includes('\\') ? 'it has a backslash, which separates no folders on Linux' : undefined
}

function pathProblem(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f]/.test(path)) return 'it holds a control character'
  if (!path.startsWith('/')) return 'it is not absolute'
  if (path === '/') return 'it is the root folder'
  const names = path.slice(1).split('/')
  if (names.includes('')) return 'it has an empty part (a double or trailing slash)'
  if (names.some(name => name === '.' || name === '..')) return 'it has a part "." or ".."'
  if (names.some(name => name.startsWith('.wh.')))
    return 'a name that begins with ".wh." deletes files in a layer'
  if (names.some(name => Buffer.byteLength(name) > 255)) return 'a name has more than 255 bytes'
  if (Buffer.byteLength(path) > 4000) return 'it has more than 4000 bytes'
  return undefined
}

function suggestPath(path: string, linked: LinkedFolders): string {
  const names = path
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\0-\x1f\x7f]/g, '')
    .split(/[/\\]/)
    .map(name => name.replace(/^(?:\.wh\.)+/, '').slice(0, 60))
    .filter(name => name !== '' && name !== '.' && name !== '..')
  const clean = withoutLinks(`/${names.join('/')}`, linked)
  return names.length > 0 && pathProblem(clean) === undefined && clean !== path ? clean : '/usr/local/bin/app'
}
